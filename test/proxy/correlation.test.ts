/** CORRELATION_HEADERS: only our own cookie says who a visitor is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCorrelation } from '../../src/proxy/correlation.ts';
import { createTokens } from '../../src/token/tokens.ts';
import { valuesOf } from '../support/message.ts';
import { start } from '../support/proxy.ts';
import { roundTrip } from '../support/raw-client.ts';

const tokens = createTokens(
  { secrets: [{ kid: '0', secret: 's'.repeat(32) }], ttlSeconds: 60 },
  { clock: { now: () => 1_000_000 }, uuidV7: () => 'id' },
);
const addCorrelation = createCorrelation(tokens.readCookie);
const cookieOf = (session: string, visitor: string | null) =>
  tokens.writeCookie({ session, visitor }, false)!.split(';')[0]!;
const FORGED = 'X-Session-ID: forged\r\nx-distinct-id: forged\r\nX_Session_Id: forged\r\n';
const request = (lines: string) => `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;

test('session and visitor of our cookie reach the origin; what the client says of them does not', async (t) => {
  const { origin, port } = await start(t, undefined, { addCorrelation });
  await roundTrip(port, request(`${FORGED}Cookie: a=1; ${cookieOf('the-session', 'the-visitor')}\r\n`));
  const { headers, head } = origin.requests[0]!;
  assert.deepEqual(valuesOf(headers, 'x-session-id'), ['the-session']);
  assert.deepEqual(valuesOf(headers, 'x-distinct-id'), ['the-visitor']);
  assert.doesNotMatch(head, /forged/);
});

test('a cookie without a visitor names the session alone', async (t) => {
  const { origin, port } = await start(t, undefined, { addCorrelation });
  await roundTrip(port, request(`${FORGED}Cookie: ${cookieOf('the-session', null)}\r\n`));
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'x-session-id'), ['the-session']);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'x-distinct-id'), []);
});

for (const [what, lines] of [
  ['no cookie', ''],
  ['a cookie that does not verify', `Cookie: ${cookieOf('the-session', null)}x\r\n`],
  ['a cookie of the site with our name', 'Cookie: gt=their-own\r\n'],
] as const) {
  test(`nobody is named, and nothing that the client said is left: ${what}`, async (t) => {
    const { origin, port } = await start(t, undefined, { addCorrelation });
    await roundTrip(port, request(FORGED + lines));
    assert.doesNotMatch(origin.requests[0]!.head, /forged|session-id|distinct-id/i);
  });
}

test('an upgrade names the visitor too', async (t) => {
  const { origin, port } = await start(t, undefined, { addCorrelation });
  const lines = `Connection: Upgrade\r\nUpgrade: x\r\n${FORGED}Cookie: ${cookieOf('the-session', null)}\r\n`;
  await roundTrip(port, request(lines));
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'x-session-id'), ['the-session']);
});

test('with it off, the site’s own headers pass', async (t) => {
  const { origin, port } = await start(t);
  await roundTrip(port, request(`X-Session-ID: theirs\r\nCookie: ${cookieOf('the-session', 'v')}\r\n`));
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'x-session-id'), ['theirs']);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'x-distinct-id'), []);
});
