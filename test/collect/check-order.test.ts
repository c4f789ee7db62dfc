/** The protocol's checks, in their order: a request that is wrong in two ways is refused for the earlier one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { request } from './support/raw-request.ts';
import { createRig, IP, type PostSettings, type Rig } from './support/rig.ts';

/** More than this test sends from any other address. */
const RATE = 100;
const BUSY = '198.51.100.9';

type Fault = {
  name: string;
  error: string;
  settings: (rig: Rig) => PostSettings & { body?: string; method?: string };
};

/** In the order of the protocol. */
const FAULTS: Fault[] = [
  { name: 'method', error: 'wrong-method', settings: () => ({ method: 'PUT' }) },
  { name: 'origin', error: 'cross-site', settings: () => ({ headers: [['Origin', 'https://evil.test']] }) },
  {
    name: 'content type',
    error: 'not-json-type',
    settings: () => ({ headers: [['Content-Type', 'text/plain']] }),
  },
  { name: 'announced length', error: 'body-too-large', settings: () => ({ body: 'x'.repeat(2_000) }) },
  { name: 'header shape', error: 'bad-signature', settings: () => ({ header: 'nonsense' }) },
  { name: 'rate', error: 'rate-limited', settings: () => ({ ip: BUSY }) },
  {
    name: 'signature',
    error: 'bad-signature',
    settings: (rig) => ({ issued: { ...rig.tokens.mintHello(IP), key: 'AAAA' } }),
  },
  { name: 'JSON', error: 'not-json', settings: () => ({ body: '{' }) },
  { name: 'events', error: 'empty-event', settings: () => ({ body: '{}' }) },
];

describe('the order of the checks', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({
      options: { maxBodyBytes: 1_000, rates: { collect: RATE, hello: 0, pixel: 0, document: 0 } },
    });
    for (let i = 0; i < RATE; i++) await rig.post({ type: 'x' }, { ip: BUSY });
  });
  after(() => rig.close());

  async function send(settings: ReturnType<Fault['settings']>): Promise<string> {
    const {
      method = 'POST',
      body = '{"type":"x"}',
      path = '/collect',
      ip = IP,
      headers = [],
      header,
    } = settings;
    const { sign } = await import('./support/signer.ts');
    const issued = settings.issued ?? rig.tokens.mintHello(ip);
    const lines: [string, string][] = [
      ['X-Forwarded-For', ip],
      ['X-GoTrack-HMAC', header ?? sign(issued, body, { path })],
      ...(headers.some(([name]) => name === 'Content-Type')
        ? []
        : ([['Content-Type', 'application/json']] as [string, string][])),
      ...headers,
    ];
    const answer = await request(rig.port, { method, path, body, headers: lines });
    return answer.json.error ?? String(answer.status);
  }

  test('without a fault there is none', async () => assert.equal(await send({}), '202'));

  for (const [i, early] of FAULTS.entries()) {
    test(`${early.name} alone`, async () => assert.equal(await send(early.settings(rig)), early.error));
    for (const late of FAULTS.slice(i + 1)) {
      if (early.name === 'header shape' && late.name === 'signature') continue; // both are the header: there is but one
      if (early.name === 'announced length' && ['JSON', 'events'].includes(late.name)) continue; // one body cannot be both
      if (early.name === 'JSON' && late.name === 'events') continue; // nor here
      test(`${early.name} before ${late.name}`, async () => {
        const [one, two] = [early.settings(rig), late.settings(rig)];
        const headers = [...(one.headers ?? []), ...(two.headers ?? [])];
        assert.equal(await send({ ...two, ...one, headers }), early.error);
      });
    }
  }
});
