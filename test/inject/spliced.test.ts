/** Gzip pages that stream, through the room: what the visitor decodes is the page, with the snippet behind it. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { INSERTED, UNCLOSED } from './classes.ts';
import {
  ask,
  createTestRoom,
  HTML,
  headOf,
  PAGE,
  pass,
  type TestRoom,
  takeSnippet,
  type Visit,
  visit,
} from './harness.ts';

const GZIP = [...HTML, 'Content-Encoding', 'gzip'];

/** Up to where the page streams, since it was not all here in time. */
function open(t: TestContext, room: TestRoom, headers = GZIP): Visit {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const opened = ask(room);
  opened.writer.head(headOf({ headers }));
  pass(t, room, 10);
  t.mock.timers.reset();
  return opened;
}

async function stream(t: TestContext, room: TestRoom, chunks: readonly Buffer[], headers = GZIP) {
  const opened = open(t, room, headers);
  for (const chunk of chunks) opened.writer.data(chunk);
  opened.writer.end([]);
  await opened.client.over;
  return opened;
}

/** Nothing is shown, or swallowed, that was not in the page; and the bytes are the origin's but for one bit. */
function assertSpliced(body: Buffer, page: string, gz: Buffer): void {
  const taken = takeSnippet(gunzipSync(body));
  assert.equal(taken?.page, page);
  assert.equal(taken!.at, page.length);
  const sent = gz.subarray(0, -9);
  let bits = 0;
  for (let at = 0; at < sent.length; at++) {
    for (let other = body[at]! ^ sent[at]!; other !== 0; other &= other - 1) bits++;
  }
  assert.ok(bits <= 1, `${bits} bits differ`);
}

const PAGES = [
  PAGE,
  `<!doctype html><body>${'<p>some text</p>'.repeat(40)}</BODY><!-- a --></html>\n`,
  `<!doctype html><body><p>x</p></body></html><!-- ${'b'.repeat(300)} -->`,
];

test('wherever its last 300 bytes are cut, a page gets the snippet behind it', async (t) => {
  const room = createTestRoom();
  for (const page of PAGES) {
    const gz = gzipSync(page);
    for (let at = Math.max(1, gz.length - 300); at < gz.length; at++) {
      const { client } = await stream(t, room, [gz.subarray(0, at), gz.subarray(at)]);
      assertSpliced(client.body, page, gz);
    }
  }
  assert.deepEqual(new Set(room.outcomes), new Set(['spliced']));
});

test('in pieces of any size, at any level', async (t) => {
  const room = createTestRoom();
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 });
  const options = fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    memLevel: fc.integer({ min: 1, max: 9 }),
  });
  const body = fc.integer({ min: 0, max: 3000 }).map((times) => '<p>one</p>, '.repeat(times));
  await fc.assert(
    fc.asyncProperty(body, options, sizes, async (text, how, pieces) => {
      const page = `<!doctype html><body>${text}</body>`;
      const gz = gzipSync(page, how);
      const chunks: Buffer[] = [];
      for (let at = 0, i = 0; at < gz.length; i++) {
        chunks.push(gz.subarray(at, at + pieces[i % pieces.length]!));
        at += chunks.at(-1)!.length;
      }
      const { client } = await stream(t, room, chunks);
      assertSpliced(client.body, page, gz);
    }),
    { numRuns: 60 },
  );
});

test('every byte but the end goes out when it comes, and the end when it is judged', async (t) => {
  const { client, writer } = open(t, createTestRoom());
  const gz = gzipSync(PAGE.repeat(50), { memLevel: 1 });
  for (let at = 0; at < gz.length; at += 10) {
    writer.data(gz.subarray(at, at + 10));
    assert.ok(client.body.length >= Math.min(at + 10, gz.length - 9));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(client.state, 'open');
  writer.end([]);
  await client.over;
  assertSpliced(client.body, PAGE.repeat(50), gz);
});

describe('a page that may not get the snippet', () => {
  const large = (start: string) => start + 'x'.repeat(5000);
  const rows: [outcome: string, page: string][] = [
    ['unclosed', '<!doctype html><textarea>'],
    ['unclosed', large('<!doctype html><!-- ')],
    ['amp', '<!doctype html><html ⚡><p>x</p></body>'],
    ['not-page', '{"a": "b"}'],
    ['not-page', large('{"a": "')],
    ['charset', '\0<\0!\0d'],
    ['not-page', ''],
    // Before </body> it might stand, but nothing can be put there, and behind everything is a textarea.
    ['unclosed', '<!doctype html><p>x</p></body><!--><textarea>-->'],
    ['csp-meta', '<meta http-equiv=content-security-policy content="default-src \'none\'"><p>x'],
  ];
  for (const [outcome, page] of rows) {
    test(`${outcome}: ${page.slice(0, 60)}`, async (t) => {
      const room = createTestRoom();
      const gz = gzipSync(page);
      const { client } = await stream(t, room, [gz.subarray(0, 15), gz.subarray(15)]);
      assert.equal(gunzipSync(client.body).toString(), page);
      assert.equal(client.state, 'ended');
      assert.deepEqual(room.outcomes, [outcome]);
    });
  }

  test('passes byte for byte once that is known', async (t) => {
    const room = createTestRoom();
    const { client, writer } = open(t, room);
    const data = Array.from({ length: 5000 }, (_, at) => `"${(at * at * at) % 7919}"`);
    const gz = gzipSync(`[${data}]`, { memLevel: 1 });
    const start = gz.subarray(0, gz.length / 2);
    writer.data(start);
    while (writer.isHolding()) await new Promise((resolve) => setImmediate(resolve));
    writer.data(gz.subarray(start.length));
    assert.deepEqual(client.body, gz, 'not even its end waits');
    writer.end([]);
    assert.equal(client.state, 'ended');
    assert.deepEqual(room.outcomes, ['not-page']);
  });

  test('nothing at all is an empty page', async (t) => {
    const room = createTestRoom();
    const { client } = await stream(t, room, []);
    assert.equal(client.body.length, 0);
    assert.deepEqual(room.outcomes, ['not-page']);
  });
});

test('spliced or not, it is what a page that is all here is', async (t) => {
  for (const [name, page] of [...Object.entries(INSERTED), ...Object.entries(UNCLOSED)]) {
    const [whole, streamed] = [createTestRoom(), createTestRoom()];
    const gz = gzipSync(page);
    visit(whole, {}, { headers: GZIP, chunks: [gz] });
    const { client } = await stream(t, streamed, [gz]);
    const text = gunzipSync(client.body).toString('latin1');
    assert.equal(takeSnippet(text)?.page ?? text, Buffer.from(page).toString('latin1'), name);
    assert.deepEqual(streamed.outcomes, whole.outcomes, name);
  }
});

test('the pixel alone, where no script may stand', async (t) => {
  const room = createTestRoom();
  for (const [head, meta] of [
    [[...GZIP, 'Content-Security-Policy', "connect-src 'none'"], ''],
    [GZIP, '<meta http-equiv=content-security-policy content="connect-src \'none\'">'],
  ] as const) {
    const page = `<!doctype html>${meta}<p>x</p></body>`;
    const { client } = await stream(t, room, [gzipSync(page)], [...head]);
    const text = gunzipSync(client.body).toString();
    assert.ok(text.startsWith(`${page}<img src="`) && text.endsWith(' hidden>'));
  }
  assert.deepEqual(room.outcomes, ['spliced', 'csp-meta']);
});

test('a fault while the snippet is made leaves the page whole', async (t) => {
  const room = createTestRoom({}, { mintPage: () => assert.fail('no token') });
  const { client } = await stream(t, room, [gzipSync(PAGE)]);
  assert.equal(gunzipSync(client.body).toString(), PAGE);
  assert.deepEqual(room.outcomes, ['failed']);
  assert.deepEqual(room.faults, ['inject']);
});

describe('a page that breaks off', () => {
  const gz = gzipSync(PAGE.repeat(30));

  test('since the origin was lost never looks whole', async (t) => {
    for (let at = 1; at <= gz.length; at += 7) {
      const room = createTestRoom();
      const { client, writer } = open(t, room);
      writer.data(gz.subarray(0, at));
      writer.abort();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(client.state, 'aborted');
      assert.throws(() => gunzipSync(client.body));
      assert.deepEqual(room.outcomes, ['cut']);
    }
  });

  test('since the client has gone is touched no more', async (t) => {
    const room = createTestRoom();
    const { client, exchange, writer } = open(t, room);
    writer.data(gz);
    const got = client.body.length;
    exchange.clientRes.emit('close');
    writer.end([]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(client.body.length, got);
    assert.equal(client.state, 'open');
    assert.deepEqual(room.outcomes, ['cut']);
  });

  test('wherever the stream is cut, gives what there was, and does not look whole', async (t) => {
    for (let at = 20; at < gz.length; at++) {
      const room = createTestRoom();
      const { client } = await stream(t, room, [gz.subarray(0, at)]);
      assert.equal(client.state, 'ended');
      assert.throws(() => gunzipSync(client.body));
      const read = (body: Buffer) => gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
      assert.equal(read(client.body), read(gz.subarray(0, at)), `cut at ${at}`);
      assert.deepEqual(room.outcomes, ['encoding']);
    }
  });
});

test('more pages than memory is set aside for pass as they came; what they took is free when they have ended', async (t) => {
  const room = createTestRoom();
  const opened = Array.from({ length: 900 }, () => open(t, room));
  for (const { writer } of opened) writer.data(gzipSync(PAGE));
  for (const { writer } of opened) writer.end([]);
  await Promise.all(opened.map(({ client }) => client.over));
  const busy = room.outcomes.filter((outcome) => outcome === 'busy').length;
  assert.equal(room.outcomes.filter((outcome) => outcome === 'spliced').length, 900 - busy);
  assert.ok(busy > 0 && busy < 600, `${busy} passed`);
  const { client } = await stream(t, room, [gzipSync(PAGE)]);
  assertSpliced(client.body, PAGE, gzipSync(PAGE));
});
