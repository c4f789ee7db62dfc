/** A page with a policy in its head: what goes to the client (which edit it is: csp.test.ts). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  answer,
  ask,
  createTestRoom,
  HTML,
  NAVIGATION,
  PAGE,
  type Request,
  SCRIPT,
  takeSnippet,
  visit,
} from './harness.ts';

describe('policies', () => {
  const STRICT = [...HTML, 'Content-Security-Policy', "default-src 'self'"];
  const EDITED = `default-src 'self'; script-src 'self' 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;
  const withPolicy = (policy: string) => [...HTML, 'Content-Security-Policy', policy];

  test('one that forbids our script is edited, and nothing else in the head is', () => {
    const { client } = visit(createTestRoom(), {}, { headers: STRICT });
    assert.equal(takeSnippet(client.body)!.page, PAGE);
    assert.equal(client.header('content-security-policy'), EDITED);
  });

  test('a page that streams has the edited policy, too', () => {
    const headers = [...STRICT, 'Content-Length', String(1 << 20)];
    const { client } = visit(createTestRoom(), {}, { headers });
    assert.equal(client.header('content-security-policy'), EDITED);
    assert.equal(takeSnippet(client.body)!.page, PAGE);
  });

  test('HEAD says what GET would have said', () => {
    const { client } = visit(createTestRoom(), { method: 'HEAD' }, { headers: STRICT, chunks: [] });
    assert.equal(client.header('content-security-policy'), EDITED);
  });

  test('a page that passes after all keeps its policy', () => {
    const { client } = visit(createTestRoom(), {}, { headers: STRICT, chunks: [`${PAGE}<textarea>`] });
    assert.equal(client.header('content-security-policy'), "default-src 'self'");
  });

  test('CSP=respect: one that forbids us keeps us out, and stays what it is', () => {
    const headers = [...STRICT, 'Content-Length', String(PAGE.length)];
    const { client } = visit(createTestRoom({ csp: 'respect' }), {}, { headers });
    assert.equal(client.body.toString(), PAGE);
    assert.equal(client.header('content-security-policy'), "default-src 'self'");
    assert.equal(client.header('content-length'), String(PAGE.length));
  });

  test('CSP=respect: a 304 keeps its policy', () => {
    const opened = ask(createTestRoom({ csp: 'respect' }));
    answer(opened, { status: 304, headers: ['Content-Security-Policy', 'x'], chunks: [] });
    assert.equal(opened.client.header('content-security-policy'), 'x');
  });

  test('where a script could say nothing the pixel stands alone, without token and session', () => {
    const room = createTestRoom();
    const { client } = visit(room, {}, { headers: withPolicy("connect-src 'none'") });
    const body = client.body.toString();
    const pixel = /<img src="[^"]*\/px\.gif[^"]*" width="1" height="1" alt="" hidden>/;
    assert.equal(body.replace(pixel, ''), PAGE);
    assert.match(body, pixel);
    assert.equal(client.header('content-security-policy'), "connect-src 'none'");
    assert.match(client.header('cache-control')!, /private/);
    assert.equal(room.documents[0]!.sessionId, null, 'nobody else would know it');
    assert.deepEqual(room.outcomes, ['inserted']);
  });

  for (const [why, request, headers] of [
    ['a shared cache may store', {}, ['Cache-Control', 'public, max-age=60']],
    ['is prefetched', { headers: [...NAVIGATION, 'Sec-Purpose', 'prefetch'] }, []],
    ['has no host that could be asked', { host: 'a~b' }, []],
  ] as const) {
    test(`without a script, a page that ${why} passes as it came`, () => {
      const room = createTestRoom();
      const policed = [...withPolicy("connect-src 'none'"), ...headers];
      const { client } = visit(room, { ...request } as Request, { headers: policed });
      assert.equal(client.body.toString(), PAGE);
      assert.deepEqual(room.outcomes, ['csp']);
    });
  }

  test('a nonce is borne', () => {
    const headers = [...HTML, 'Content-Security-Policy', "script-src 'nonce-r4nd0m'"];
    const { client } = visit(createTestRoom(), {}, { headers });
    assert.equal(takeSnippet(client.body)!.attributes.get('nonce'), 'r4nd0m');
  });

  test('one that forbids our image leaves the script alone', () => {
    const headers = [...HTML, 'Content-Security-Policy', 'img-src data:'];
    const taken = takeSnippet(visit(createTestRoom(), {}, { headers }).client.body)!;
    assert.equal(taken.img, null);
    assert.ok(taken.attributes.has('data-token'));
  });
});
