import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, mock, test } from 'node:test';
import zlib, { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import type { InjectDeps } from '../../src/inject/inject.ts';
import {
  answer,
  ask,
  createTestRoom,
  HTML,
  headOf,
  NAVIGATION,
  PAGE,
  type TestRoom,
  visit,
} from './harness.ts';

const fault = (): never => {
  throw new Error('injected fault');
};
const GZIP = [...HTML, 'Content-Encoding', 'gzip'];
const MARKED = [...HTML, 'Content-Length', String(PAGE.length), 'ETag', '"a"', 'Cache-Control', 'private'];

afterEach(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
});

function assertFailed(room: TestRoom): void {
  assert.deepEqual(room.outcomes, ['failed']);
  assert.deepEqual(room.faults, ['inject']);
  assert.deepEqual(room.logged, ['a page was left as it came: injection failed']);
}

const failing = (...names: (keyof InjectDeps)[]): Partial<InjectDeps> =>
  Object.fromEntries(names.map((name) => [name, fault]));

describe('a fault leaves the page as it came, and is counted and logged', () => {
  test('before the request goes out', () => {
    const room = createTestRoom({}, failing('consentOf'));
    const headers = [...HTML, 'X-GoTrack-Inject', 'on', 'ETag', '"a"'];
    const { client, originHeaders } = visit(room, {}, { headers });
    assert.deepEqual(originHeaders, NAVIGATION);
    assert.equal(client.body.toString(), PAGE);
    assert.equal(client.header('etag'), '"a"');
    assert.equal(client.header('x-gotrack-inject'), undefined);
    assertFailed(room);
  });

  for (const name of ['newDocumentId', 'sessionOf', 'newSessionId'] as const) {
    test(`at the head, in ${name}`, () => {
      const room = createTestRoom({}, failing(name));
      const { client } = visit(room, {}, { headers: MARKED });
      assert.equal(client.body.toString(), PAGE);
      assert.equal(client.header('content-length'), String(PAGE.length));
      assert.equal(client.header('etag'), '"a"');
      assertFailed(room);
    });
  }

  for (const name of ['mintPage', 'documentProof'] as const) {
    test(`when the snippet of a whole page is made, in ${name}`, () => {
      const room = createTestRoom({}, failing(name));
      const { client } = visit(room, {}, { headers: MARKED });
      assert.equal(client.body.toString(), PAGE);
      assert.equal(client.header('content-length'), String(PAGE.length));
      assert.equal(client.header('etag'), '"a"');
      assertFailed(room);
    });

    test(`when the snippet of a whole gzip page is made, in ${name}`, () => {
      const room = createTestRoom({}, failing(name));
      const body = gzipSync(PAGE);
      const { client } = visit(room, {}, { headers: GZIP, chunks: [body] });
      assert.deepEqual(client.body, body);
      assertFailed(room);
    });

    test(`when the snippet of a streamed page is made, in ${name}`, () => {
      const room = createTestRoom({ bufferBytes: 20 }, failing(name));
      const { client } = visit(room, {}, { chunks: [PAGE.slice(0, 50), PAGE.slice(50)] });
      assert.equal(client.body.toString(), PAGE);
      assert.equal(client.state, 'ended');
      assertFailed(room);
    });

    test(`when the snippet of a streamed gzip page is made, in ${name}`, async () => {
      const room = createTestRoom({ bufferBytes: 20 }, failing(name));
      const { client } = visit(room, {}, { headers: GZIP, chunks: [gzipSync(PAGE)] });
      await client.over;
      assert.equal(gunzipSync(client.body).toString(), PAGE);
      assertFailed(room);
    });
  }

  /** A chunk whose text nobody can read; its bytes are fine. */
  const unreadable = (text: string) => Object.assign(Buffer.from(text), { subarray: fault });

  test('while a whole page is read', () => {
    const room = createTestRoom();
    const opened = ask(room);
    opened.writer.head(headOf());
    opened.writer.data(Buffer.from(PAGE));
    mock.method(crypto, 'createCipheriv', fault);
    syncBuiltinESMExports();
    opened.writer.end([]);
    assert.equal(opened.client.body.toString(), PAGE);
    assertFailed(room);
  });

  test('while a streamed page is read', () => {
    const room = createTestRoom({ bufferBytes: 10 });
    const opened = ask(room);
    opened.writer.head(headOf());
    opened.writer.data(Buffer.from('<!doctype html><p>one</'));
    opened.writer.data(unreadable('p>two'));
    opened.writer.data(Buffer.from('<p>three</p></body>'));
    opened.writer.end([]);
    assert.equal(opened.client.body.toString(), '<!doctype html><p>one</p>two<p>three</p></body>');
    assertFailed(room);
  });

  test('while a whole gzip page of two members is deflated', () => {
    const room = createTestRoom();
    const body = Buffer.concat([gzipSync(PAGE), gzipSync('<!-- and more -->')]);
    mock.method(zlib, 'gzipSync', fault);
    syncBuiltinESMExports();
    const { client } = visit(room, {}, { headers: GZIP, chunks: [body] });
    assert.deepEqual(client.body, body);
    assertFailed(room);
  });

  test('when a recoder cannot be made', () => {
    const room = createTestRoom({ bufferBytes: 20 });
    const body = brotliCompressSync(PAGE);
    mock.method(zlib, 'createBrotliCompress', fault);
    syncBuiltinESMExports();
    const headers = [...HTML, 'Content-Encoding', 'br', 'Content-Length', String(body.length)];
    const { client } = visit(room, {}, { headers, chunks: [body] });
    assert.deepEqual(client.body, body);
    assert.equal(client.header('content-length'), String(body.length));
    assertFailed(room);
  });

  test('when an inflater cannot be made', () => {
    const room = createTestRoom({ bufferBytes: 20 });
    const body = gzipSync(PAGE);
    mock.method(zlib, 'createInflateRaw', fault);
    syncBuiltinESMExports();
    const { client } = visit(room, {}, { headers: GZIP, chunks: [body] });
    assert.equal(gunzipSync(client.body).toString(), PAGE);
    assert.equal(client.state, 'ended');
    assertFailed(room);
  });

  test('when the document is recorded: the page keeps its snippet', () => {
    const room = createTestRoom({}, failing('recordDocument'));
    visit(room);
    assert.deepEqual(room.outcomes, ['inserted']);
    assert.deepEqual(room.faults, ['inject']);
    assert.equal(room.logged.length, 1);
  });
});

test('what the client’s writer throws is not ours to catch', () => {
  const opened = ask(createTestRoom());
  opened.client.head = fault;
  assert.throws(() => answer(opened), /injected fault/);
});
