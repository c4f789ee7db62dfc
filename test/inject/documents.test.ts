import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  type Answer,
  answer,
  ask,
  createTestRoom,
  HTML,
  headOf,
  NAVIGATION,
  PAGE,
  pass,
  type Request,
  takeSnippet,
  visit,
} from './harness.ts';

const documentIdOf = (token: string) => Buffer.from(token, 'base64url').subarray(0, 36).toString();

test('a page gives one document, joined to its token, session and pixel', () => {
  const room = createTestRoom();
  const opened = ask(room);
  room.clock.ms += 42;
  const { client, exchange } = answer(opened);
  const { attributes, img } = takeSnippet(client.body)!;
  assert.equal(room.documents.length, 1);
  const { documentId, sessionId, ...rest } = room.documents[0]!;
  assert.deepEqual(rest, {
    exchange,
    status: 200,
    bytes: client.body.length,
    originMs: 42,
    injection: 'inserted',
    prefetch: false,
  });
  assert.equal(documentIdOf(attributes.get('data-token')!), documentId);
  assert.ok(img!.includes(`d=${documentId}.`));
  assert.equal(attributes.get('data-session'), sessionId);
});

const RECORDED: { name: string; injection: string; request?: Request; response?: Answer }[] = [
  { name: 'an error page', injection: 'inserted', response: { status: 404 } },
  { name: 'a page without Sec-Fetch headers', injection: 'inserted', request: { headers: [] } },
  { name: 'a posted form', injection: 'inserted', request: { method: 'POST' } },
  {
    name: 'no-transform',
    injection: 'no-transform',
    response: { headers: [...HTML, 'Cache-Control', 'no-transform'] },
  },
  {
    name: 'the origin’s off',
    injection: 'excluded',
    response: { headers: [...HTML, 'X-GoTrack-Inject', 'off'] },
  },
  {
    name: 'a coding that nobody knows',
    injection: 'encoding',
    response: { headers: [...HTML, 'Content-Encoding', 'new'], chunks: ['xx'] },
  },
  {
    name: 'a policy',
    injection: 'csp',
    response: { headers: [...HTML, 'Content-Security-Policy', 'sandbox'] },
  },
  { name: 'JSON that is called HTML', injection: 'not-page', response: { chunks: ['{}'] } },
  { name: 'an open page', injection: 'unclosed', response: { chunks: ['<!doctype html><textarea>'] } },
];

describe('a page that is shown gives a document, injected or not', () => {
  for (const { name, injection, request = {}, response = {} } of RECORDED) {
    test(name, () => {
      const room = createTestRoom();
      const { client } = visit(room, request, response);
      assert.equal(room.documents.length, 1);
      assert.equal(room.documents[0]!.injection, injection);
      assert.equal(room.documents[0]!.bytes, client.body.length);
      assert.equal(room.documents[0]!.status, response.status ?? 200);
    });
  }
});

const UNRECORDED: { name: string; request?: Request; response?: Answer }[] = [
  { name: 'HTML that a script fetches', request: { headers: ['Sec-Fetch-Mode', 'cors'] } },
  { name: 'a fragment for htmx', request: { headers: [...NAVIGATION, 'HX-Request', 'true'] } },
  { name: 'a frame', request: { headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe'] } },
  { name: 'HEAD', request: { method: 'HEAD' }, response: { chunks: [] } },
  { name: 'a redirect', response: { status: 302, headers: [...HTML, 'Location', '/x'] } },
  { name: 'a download', response: { headers: [...HTML, 'Content-Disposition', 'attachment'] } },
  { name: 'a part', response: { status: 206 } },
  { name: 'a navigation to a PDF', response: { headers: ['Content-Type', 'application/pdf'] } },
];

describe('anything else gives none', () => {
  for (const { name, request = {}, response = {} } of UNRECORDED) {
    test(name, () => {
      const room = createTestRoom();
      visit(room, request, response);
      assert.deepEqual(room.documents, []);
      assert.equal(room.outcomes.length, 1);
    });
  }

  test('an image that a page fetched, which is not even counted', () => {
    const room = createTestRoom();
    const response = { headers: ['Content-Type', 'image/png'] };
    visit(room, { headers: ['Sec-Fetch-Mode', 'no-cors'] }, response);
    assert.deepEqual(room.documents, []);
    assert.deepEqual(room.outcomes, []);
  });

  test('TRACKING=off', () => {
    const room = createTestRoom({ tracking: false });
    assert.equal(visit(room).client.body.toString(), PAGE);
    assert.deepEqual(room.documents, []);
    assert.deepEqual(room.outcomes, ['off']);
  });
});

test('an excluded path gives a document all the same', () => {
  const room = createTestRoom({ injectExclude: ['/admin*'] });
  visit(room, { target: '/admin' });
  assert.equal(room.documents[0]!.injection, 'excluded');
});

test('a frame gives one with INJECT_FRAMES', () => {
  const room = createTestRoom({ frames: true });
  visit(room, { headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe'] });
  assert.equal(room.documents.length, 1);
});

test('DOCUMENT_EVENTS=injected leaves out what was not, off everything', () => {
  for (const [documentEvents, expected] of [
    ['all', ['inserted', 'unclosed', 'excluded', 'spliced']],
    ['injected', ['inserted', 'spliced']],
    ['off', []],
  ] as const) {
    const room = createTestRoom({ documentEvents });
    visit(room);
    visit(room, {}, { chunks: ['<!doctype html><textarea>'] });
    visit(room, {}, { headers: [...HTML, 'X-GoTrack-Inject', 'off'] });
    visit(room, {}, { headers: [...HTML, 'Content-Encoding', 'gzip'], chunks: [gzipSync(PAGE)] });
    assert.deepEqual(
      room.documents.map(({ injection }) => injection),
      expected,
    );
  }
});

test('without document events a page still has its token', () => {
  const { client } = visit(createTestRoom({ documentEvents: 'off' }));
  assert.ok(takeSnippet(client.body)!.attributes.has('data-token'));
});

test('a prefetched page says so', () => {
  const room = createTestRoom();
  visit(room, { headers: [...NAVIGATION, 'Sec-Purpose', 'prefetch'] });
  assert.equal(room.documents[0]!.prefetch, true);
});

describe('the session of a document', () => {
  const known = { sessionOf: () => 'known' };
  const shared = [...HTML, 'Cache-Control', 'public'];
  const sessions = (room: ReturnType<typeof createTestRoom>) =>
    room.documents.map(({ sessionId }) => sessionId);

  test('is that of our cookie, on any page', () => {
    const room = createTestRoom({}, known);
    visit(room);
    visit(room, {}, { headers: shared });
    visit(room, {}, { chunks: ['<!doctype html><textarea>'] });
    assert.deepEqual(sessions(room), ['known', 'known', 'known']);
  });

  test('is a new one only where the page was given it', () => {
    const room = createTestRoom({}, { newSessionId: () => 'new' });
    visit(room);
    visit(room, {}, { headers: shared });
    visit(room, {}, { chunks: ['<!doctype html><textarea>'] });
    assert.deepEqual(sessions(room), ['new', null, null]);
  });
});

describe('a client that goes', () => {
  test('gives its document then, once, with the bytes that it got', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const room = createTestRoom();
    const { exchange, writer } = ask(room);
    writer.head(headOf());
    pass(t, room, 10);
    writer.data(Buffer.from('<!doctype html><p>x'));
    exchange.clientRes.emit('close');
    assert.deepEqual(room.outcomes, ['cut']);
    assert.equal(room.documents.length, 1);
    assert.equal(room.documents[0]!.bytes, 19);
    writer.abort();
    assert.equal(room.documents.length, 1);
    assert.equal(room.outcomes.length, 1);
  });

  test('after the end changes nothing', () => {
    const room = createTestRoom();
    visit(room).exchange.clientRes.emit('close');
    assert.deepEqual(room.outcomes, ['inserted']);
    assert.equal(room.documents.length, 1);
  });

  test('while its page is gathered stops the timer', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const room = createTestRoom();
    const { exchange, writer, client } = ask(room);
    writer.head(headOf());
    writer.data(Buffer.from(PAGE));
    exchange.clientRes.emit('close');
    pass(t, room, 100);
    assert.equal(client.gotHead, null);
  });

  test('while its page is recoded stops the recoder', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const room = createTestRoom();
    const { exchange, writer, client } = ask(room);
    writer.head(headOf({ headers: [...HTML, 'Content-Encoding', 'gzip'] }));
    pass(t, room, 10);
    t.mock.timers.reset();
    writer.data(gzipSync(PAGE.repeat(1000)));
    exchange.clientRes.emit('close');
    const got = client.body.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(client.body.length, got);
    assert.equal(client.state, 'open');
    assert.equal(room.documents.length, 1);
  });
});
