/** Bodies that nobody would send: never a 5xx, never an event that breaks the stored shape. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { body, name, text } from './support/arbitrary.ts';
import { createRig, IP, type Rig } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';
import { sign } from './support/signer.ts';

let rig: Rig;
let agent: http.Agent;
before(async () => {
  rig = await createRig({ options: { corsOrigins: ['https://partner.test'] } });
  agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
});
after(async () => {
  agent.destroy();
  await rig.close();
});

function send(
  body: Buffer | undefined,
  { method = 'POST', path = '/page', headers = {} as Record<string, string> },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        port: rig.port,
        host: '127.0.0.1',
        method,
        path,
        agent,
        headers: { 'X-Forwarded-For': IP, ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode!, body: text }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function post(body: Buffer): Promise<{ status: number; body: string }> {
  const header = sign(rig.tokens.mintHello(IP), body);
  return send(body, { headers: { 'X-GoTrack-HMAC': header, 'Content-Type': 'application/json' } });
}

/** What was stored since the last look. */
function takeEvents() {
  return rig.events.splice(0);
}

describe('whatever a client sends', () => {
  test('as an event gives 202 or 400, and what is stored has the stored shape', async () => {
    let stored = 0;
    const property = fc.asyncProperty(body, async (given) => {
      const answer = await post(Buffer.from(JSON.stringify(given)));
      assert.ok(answer.status === 202 || answer.status === 400, `${answer.status} ${answer.body}`);
      const events = takeEvents();
      stored += events.length;
      for (const one of events) assert.deepEqual(problemsOf(one), [], JSON.stringify(one));
      if (answer.status === 202) assert.equal(JSON.parse(answer.body).accepted, events.length);
    });
    await fc.assert(property, { numRuns: 2_000 });
    assert.ok(stored > 500, `of ${stored} events something is said`);
  });

  test('as bytes gives 202 or 400', async () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      '\\u0000',
      '\\ud800',
      ',',
      ':',
      'type',
      '1e999',
      '-',
      '0',
      'null',
      'tru',
      ' ',
      '\n',
      '\t',
      '{"type":"a"}',
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((given) => Buffer.from(given)),
      fc.array(pieces, { maxLength: 30 }).map((given) => Buffer.from(given.join(''))),
    );
    const property = fc.asyncProperty(bytes, async (given) => {
      const answer = await post(given);
      assert.ok(answer.status === 202 || answer.status === 400, `${answer.status} ${answer.body}`);
      for (const one of takeEvents()) assert.deepEqual(problemsOf(one), []);
    });
    await fc.assert(property, { numRuns: 700 });
  });

  test('as parameters of the pixel gives 200', async () => {
    const pair = fc
      .tuple(name, text)
      .map(
        ([key, value]) =>
          `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`,
      );
    const raw = fc.constantFrom('&', '=', '%', '%00', '%ff', '+', ';', '?', 'd=', 'auto=1', 'e=a');
    const query = fc
      .array(fc.oneof(pair, raw), { maxLength: 8 })
      .map((given) => given.join('&'))
      .filter((given) => given.length < 12_000); // node takes 16 KB of headers
    const property = fc.asyncProperty(query, async (given) => {
      const answer = await send(undefined, { method: 'GET', path: `/px.gif?${given}` });
      assert.equal(answer.status, 200);
      for (const one of takeEvents()) assert.deepEqual(problemsOf(one), [], JSON.stringify(one));
    });
    await fc.assert(property, { numRuns: 700 });
  });

  test('as headers gives an answer that is none of a fault', async () => {
    const value = fc.constantFrom(
      '',
      'hello',
      'null',
      '*',
      'https://partner.test',
      'application/json',
      '0',
      '-1',
      'v1;tok=;t=;n=;s=',
      'x'.repeat(300),
      'gt=a.b.c',
      'Bearer x',
      'ab'.repeat(32),
      ';;;',
      '\x80\xff',
      '%',
    );
    const names = [
      'X-GoTrack-HMAC',
      'Origin',
      'Sec-Fetch-Site',
      'Content-Type',
      'Referer',
      'Cookie',
      'User-Agent',
      'DNT',
      'Sec-GPC',
      'X-Forwarded-For',
      'Authorization',
      'Idempotency-Key',
    ];
    const headers = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 });
    const property = fc.asyncProperty(
      headers,
      fc.constantFrom('POST', 'GET', 'HEAD', 'OPTIONS'),
      fc.constantFrom('/collect', '/page', '/px.gif'),
      async (given, method, path) => {
        const answer = await send(method === 'POST' ? Buffer.from('{"type":"a"}') : undefined, {
          method,
          path,
          headers: { ...given },
        });
        assert.ok(answer.status < 500, `${answer.status} ${answer.body}`);
        for (const one of takeEvents()) assert.deepEqual(problemsOf(one), [], JSON.stringify(one));
      },
    );
    await fc.assert(property, { numRuns: 700 });
  });

  test('no fault of ours came of any of it', async () => {
    assert.deepEqual(rig.faults, []);
    assert.equal(await rig.count('faults'), 0);
  });
});
