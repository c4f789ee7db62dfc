/**
 * Malformed and smuggling-shaped requests by the thousand: no two readers disagree, nothing crashes, nothing leaks.
 * TEST_SEED makes a run again; TEST_SIZE=full makes it large.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import net from 'node:net';
import { test } from 'node:test';
import { headerValue } from '../../src/http/raw-headers.ts';
import { headerLines, valuesOf } from '../support/message.ts';
import { ok, type Received, startOrigin, until } from '../support/origin.ts';
import { startProxy } from '../support/proxy.ts';
import { CHANGES } from './support/changes.ts';
import { type Generated, generate } from './support/grammar.ts';
import { createRandom } from './support/random.ts';

const COUNT = process.env.TEST_SIZE === 'full' ? 50_000 : 2_000;
const SEED = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
const AT_ONCE = 32;
/** A request that is not whole waits for the rest of it: then it is given up. No assertion hangs on it. */
const QUIET_MS = 250;

const digest = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex').slice(0, 16);
const canaryOf = (id: string) => `GET /canary HTTP/1.1\r\nHost: site.test\r\nX-Case: ${id}-canary\r\n\r\n`;
const caseOf = (request: Received) => valuesOf(request.headers, 'x-case')[0] ?? '';

/** What identifies a request, at the proxy and at the origin. */
const nameOf = (method: string, target: string, id: string) => `${method} ${target} ${id}`;

type Answer = { status: number; body: string };

test(`${COUNT} generated requests, TEST_SEED=${SEED}`, { timeout: 1_200_000 }, async (t) => {
  const begun = new Set<string>();
  const origin = await startOrigin(async (request, socket) => {
    const body = await request.body.catch(() => null);
    if (body === null) return;
    socket.write(ok(`${caseOf(request)} ${digest(body.toString('latin1'))}`));
    forwarded.push(nameOf(request.method, request.target, caseOf(request)));
  });
  const forwarded: string[] = [];
  const proxy = await startProxy(origin.port, {
    beginEdit({ clientReq }) {
      const id = headerValue(clientReq.rawHeaders, 'x-case') ?? '';
      begun.add(nameOf(clientReq.method!, clientReq.url!, id));
      return null;
    },
  });
  t.after(() => Promise.all([proxy.close(), origin.close()]));
  const random = createRandom(SEED);
  const kinds = new Map<string, number>();

  async function runOne(i: number): Promise<void> {
    const id = `${i}`;
    const generated = generate(random, id, CHANGES);
    kinds.set(generated.kind, (kinds.get(generated.kind) ?? 0) + 1);
    const answers = await exchange(proxy.port, generated.wire + canaryOf(id), generated.kind);
    try {
      check(generated, id, answers);
    } catch (cause) {
      const shown = JSON.stringify(generated.wire.slice(0, 1500));
      throw new Error(`case ${i}, ${generated.kind} by ${generated.change}, TEST_SEED=${SEED}: ${shown}`, {
        cause,
      });
    }
  }

  let next = 0;
  async function worker(): Promise<void> {
    while (next < COUNT) await runOne(next++);
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));

  t.diagnostic(JSON.stringify(Object.fromEntries(kinds)));
  const unknown = forwarded.filter((name) => !begun.has(name));
  assert.deepEqual(unknown, [], 'every request of the origin is one that the proxy read');
  assert.deepEqual(proxy.seen.faults, [], 'no fault of ours');
  await until(() => openSockets() <= 2 * origin.open() + 1, 'all sockets of clients to be closed');
  await proxy.close();
  await origin.idle();
});

function check({ kind, body }: Generated, id: string, answers: readonly Answer[]): void {
  for (const { status, body: text } of answers) {
    assert.ok(![500, 502, 503, 504].includes(status), `${status} is a fault of ours`);
    if (status !== 200) continue;
    const owner = text.split(' ', 1)[0]!;
    if (kind !== 'bytes') assert.ok(owner === id || owner === `${id}-canary`, `an answer for ${owner}`);
  }
  const whole = answers.filter(({ status }) => status === 200).map((answer) => answer.body);
  if (kind === 'clear')
    assert.deepEqual(whole, [`${id} ${digest(body)}`, `${id}-canary ${digest('')}`], 'both in step');
  if (kind === 'doubtful') assert.deepEqual(whole, [], 'the origin answered nothing of it');
}

/** Sends it all at once; the answers until the connection ends, the canary is answered, or nothing comes any more. */
function exchange(port: number, wire: string, kind: Generated['kind']): Promise<Answer[]> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    let text = '';
    const done = () => {
      socket.destroy();
      resolve(answersIn(text));
    };
    socket.on('error', () => {}); // a reset ends it, too
    socket.once('close', done);
    socket.once('end', done);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (/-canary [0-9a-f]{16}$/.test(text)) done();
    });
    // A clear request is answered, however long a loaded machine takes.
    if (kind !== 'clear') socket.setTimeout(QUIET_MS, done);
    socket.write(Buffer.from(wire, 'latin1'));
  });
}

/** All of them have a length. */
function answersIn(text: string): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end === -1) break;
    const head = text.slice(at, end + 4);
    const length = Number(valuesOf(headerLines(head), 'content-length')[0] ?? 0);
    answers.push({ status: Number(head.slice(9, 12)), body: text.slice(end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
  return answers;
}

const openSockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
