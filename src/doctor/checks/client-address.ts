/**
 * Whose address the running instance sees. Nothing is asked of it that anybody could not ask: a token is bound to
 * the address that asked for it by a tag (protocol: "Token and signature"), and only who has the secret can tell
 * whose tag it is. So addresses that it might be are tried here, against the token, on this machine.
 */
import { createResolveAddress } from '../../http/client-address.ts';
import type { Examination } from '../examination.ts';
import type { Hello, PublicSide } from '../public-side.ts';
import { error, note, ok, type Row, skipped, warning } from '../row.ts';
import { isSignedByUs } from '../same-secret.ts';

const NAME = 'client address';
/** RFC 5737: nobody's. */
const FORGED = '203.0.113.77';
/** All of 127/8 is this machine; from its second address a proxy on this machine cannot be mistaken for us. */
const SECOND_LOOPBACK = '127.0.0.2';

export async function checkClientAddress(examination: Examination): Promise<Row[]> {
  const { outside, tokens } = examination;
  if (outside === null) return [skipped(NAME, 'needs the public URL')];
  if (!(await outside.isOurs())) return [skipped(NAME, 'no instance of ours answers at the public URL')];
  const plain = await ask(outside);
  if (!plain.ok) return [skipped(NAME, `the running instance gave no token: ${plain.why}`)];
  if (!isSignedByUs(tokens, plain.grant)) {
    const found = 'the running instance signs with another secret than this environment has';
    return [
      warning(
        NAME,
        found,
        'run doctor with the HMAC_SECRET of the instance; behind one name all instances need the same',
      ),
    ];
  }
  return [await seenAs(examination, plain), ...(await forgeries(examination))];
}

type Granted = Extract<Hello, { ok: true }>;

/** From a loopback address once more from the second one, where the system has it. */
async function ask(outside: PublicSide): Promise<Hello> {
  const first = await outside.hello();
  if (!first.ok || !first.localAddress.startsWith('127.')) return first;
  const second = await outside.hello({ from: SECOND_LOOPBACK });
  return second.ok ? second : first;
}

async function seenAs(examination: Examination, { grant, localAddress }: Granted): Promise<Row> {
  const { page, machine, ownAddress } = examination;
  const isBound = (ip: string) => isBoundTo(examination, grant.token, ip);
  const own = ownAddress ?? localAddress;
  if (isBound(own)) return ok(NAME, `the instance sees this machine as it is, ${own}`);
  const front = await machine.resolve(page.hostname.replace(/^\[|\]$/g, '')).catch(() => []);
  const others = ['127.0.0.1', '::1', ...machine.addresses(), ...front];
  const found = others.find(isBound);
  if (found !== undefined) {
    const cure = `TRUST_PROXY=${found} (or the network of the proxies before it): now all visitors have one address`;
    return error(
      NAME,
      `the instance takes this machine, ${own}, for ${found}: a proxy stands between and is not trusted`,
      cure,
    );
  }
  if (ownAddress !== null) {
    const cure = 'TRUST_PROXY with the network of the proxies before it, or a hop too many is counted';
    return error(NAME, `the instance does not see this machine as ${ownAddress}`, cure);
  }
  return note(
    NAME,
    'the instance sees an address that this machine does not know as its own: behind NAT that is right',
    'to be sure: gotrack doctor URL --address=YOUR.PUBLIC.ADDRESS',
  );
}

/** Whoever could choose their address by a header could speak for anybody and get past every limit. */
async function forgeries(examination: Examination): Promise<Row[]> {
  const { outside, config } = examination;
  const believed: string[] = [];
  for (const name of ['X-Forwarded-For', ...config.clientIpHeaders]) {
    const forged = await outside!.hello({ headers: [name, FORGED] });
    if (forged.ok && isBoundTo(examination, forged.grant.token, FORGED)) believed.push(name);
  }
  if (believed.length === 0) return [ok(NAME, 'a forged X-Forwarded-For is not believed')];
  const found = `a forged ${believed.join(' and ')} is believed: clients can choose their address`;
  const cure =
    'let TRUST_PROXY name the front’s own network, no more hops than there are, and let the front replace what clients send';
  return [error(NAME, found, cure)];
}

const resolveAddress = createResolveAddress({ trust: false, clientIpHeaders: [] });

function isBoundTo({ tokens }: Examination, text: string, ip: string): boolean {
  const reading = tokens.read(text);
  return reading.ok && tokens.isBoundTo(reading.token, resolveAddress(ip, []).ipKey);
}
