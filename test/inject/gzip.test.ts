import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { constants, createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import {
  type Answer,
  ask,
  createTestRoom,
  HTML,
  headOf,
  PAGE,
  pass,
  type TestRoom,
  takeSnippet,
  visit,
} from './harness.ts';

const GZIP = [...HTML, 'Content-Encoding', 'gzip'];
const LARGE = `<!doctype html><body>${'<p>some text, again and again</p>'.repeat(60_000)}</body>`;

/** Text that hardly shrinks. */
function noise(bytes: number): string {
  let state = 1;
  let text = '';
  while (text.length < bytes) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    text += state.toString(36);
  }
  return text.slice(0, bytes);
}

/** Sends chunks and waits for what comes of them. */
async function stream(
  t: TestContext,
  room: TestRoom,
  chunks: readonly Buffer[],
  response: Answer = { headers: GZIP },
) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const opened = ask(room);
  opened.writer.head(headOf(response));
  pass(t, room, 10);
  t.mock.timers.reset();
  for (const chunk of chunks) opened.writer.data(chunk);
  opened.writer.end(response.trailers ?? []);
  await opened.client.over;
  return opened;
}

test('a whole gzip page gets the snippet, stays gzip, and has an exact Content-Length', () => {
  const room = createTestRoom();
  const { client } = visit(room, {}, { headers: GZIP, chunks: [gzipSync(PAGE)] });
  assert.equal(client.header('content-encoding'), 'gzip');
  assert.equal(client.header('content-length'), String(client.body.length));
  const taken = takeSnippet(gunzipSync(client.body))!;
  assert.equal(taken.page, PAGE);
  assert.equal(taken.at, PAGE.length);
  assert.deepEqual(room.outcomes, ['spliced']);
});

test('a gzip page that may bear the pixel alone gets no part of the script, known or not', () => {
  const room = createTestRoom();
  const headers = [...GZIP, 'Content-Security-Policy', "connect-src 'none'"];
  const open = { headers: GZIP, chunks: [gzipSync(PAGE)] };
  for (const response of [{ ...open, headers }, open, { ...open, headers }]) {
    const text = gunzipSync(visit(room, {}, response).client.body).toString();
    assert.equal(/<img src="[^"]*px\.gif/.test(text), true);
    assert.equal(text.includes('<script'), response.headers === GZIP);
  }
  assert.deepEqual(room.outcomes, ['recoded', 'spliced', 'recoded']);
});

test('a gzip page that arrives in pieces is edited whole too', () => {
  const gz = gzipSync(PAGE);
  const { client } = visit(
    createTestRoom(),
    {},
    { headers: GZIP, chunks: [...gz].map((byte) => Buffer.from([byte])) },
  );
  assert.equal(takeSnippet(gunzipSync(client.body))!.page, PAGE);
  assert.notEqual(client.header('content-length'), undefined);
});

test('a streamed gzip page gets the snippet', async (t) => {
  const room = createTestRoom();
  const gz = gzipSync(LARGE);
  const { client } = await stream(t, room, [gz.subarray(0, 1000), gz.subarray(1000)]);
  assert.equal(client.header('content-length'), undefined);
  const taken = takeSnippet(gunzipSync(client.body))!;
  assert.equal(taken.page, LARGE);
  assert.equal(taken.at, LARGE.length);
  assert.deepEqual(room.outcomes, ['spliced']);
});

test('a page of more text than may be inflated at once streams, though it is small', async () => {
  const room = createTestRoom();
  const { client, writer } = ask(room);
  const gz = gzipSync(LARGE);
  assert.ok(gz.length < 256 << 10);
  writer.head(headOf({ headers: GZIP }));
  writer.data(gz);
  writer.end([]);
  await client.over;
  assert.equal(takeSnippet(gunzipSync(client.body))!.page, LARGE);
});

test('a streamed gzip page may be cut anywhere', async (t) => {
  const room = createTestRoom();
  const gz = gzipSync(PAGE);
  for (let at = 1; at < gz.length; at += 3) {
    const { client } = await stream(t, room, [gz.subarray(0, at), gz.subarray(at)]);
    assert.equal(takeSnippet(gunzipSync(client.body))!.page, PAGE, `cut at ${at}`);
  }
});

test('a chunk passes at once: what the origin flushed, the client can show', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const room = createTestRoom();
  const { client, writer } = ask(room);
  writer.head(headOf({ headers: GZIP }));
  pass(t, room, 10);
  t.mock.timers.reset();
  const flushed = gzipSync('<!doctype html><p>first</p>', { finishFlush: constants.Z_SYNC_FLUSH });
  writer.data(flushed);
  const shown = createGunzip();
  const text = new Promise<string>((resolve) =>
    shown.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  const timer = setInterval(() => {
    for (const chunk of client.chunks.splice(0)) shown.write(chunk);
  }, 1);
  assert.equal(await text, '<!doctype html><p>first</p>');
  clearInterval(timer);
  writer.abort();
});

test('trailers of a streamed gzip page come after its body', async (t) => {
  const trailers = ['Server-Timing', 'db'];
  const { client } = await stream(t, createTestRoom(), [gzipSync(PAGE)], { headers: GZIP, trailers });
  assert.deepEqual(client.trailers, trailers);
  assert.equal(client.state, 'ended');
});

describe('what cannot be edited passes as it came', () => {
  const damaged = Buffer.from(gzipSync(PAGE));
  damaged[20] = damaged[20]! ^ 0xff;
  const bomb = gzipSync(Buffer.alloc(32 << 20, 0x20));
  const liar = Buffer.concat([gzipSync(Buffer.alloc(8 << 20, 0x20)), gzipSync('x')]);
  const rows: [name: string, body: Buffer, coding: string][] = [
    ['damaged data', damaged, 'gzip'],
    ['a stream without its end', gzipSync(PAGE).subarray(0, -10), 'gzip'],
    [
      'a wrong checksum',
      Buffer.concat([gzipSync(PAGE).subarray(0, -8), Buffer.alloc(4), gzipSync(PAGE).subarray(-4)]),
      'gzip',
    ],
    ['text that is called gzip', Buffer.from(PAGE), 'gzip'],
    ['a few bytes', Buffer.from([0x1f, 0x8b]), 'gzip'],
    ['a bomb of 32 MB', bomb, 'gzip'],
    ['a bomb whose trailer lies', liar, 'gzip'],
  ];
  for (const [name, body, coding] of rows) {
    test(name, () => {
      const room = createTestRoom();
      const headers = [
        ...HTML,
        'Content-Encoding',
        coding,
        'Content-Length',
        String(body.length),
        'ETag',
        '"a"',
      ];
      const { client } = visit(room, {}, { headers, chunks: [body] });
      assert.deepEqual(client.body, body);
      assert.equal(client.header('content-length'), String(body.length));
      assert.equal(client.header('etag'), '"a"');
      assert.equal(client.state, 'ended');
      assert.deepEqual(room.outcomes, ['encoding']);
    });
  }

  test('an open page', () => {
    const room = createTestRoom();
    const body = gzipSync('<!doctype html><textarea>');
    const { client } = visit(room, {}, { headers: GZIP, chunks: [body] });
    assert.deepEqual(client.body, body);
    assert.deepEqual(room.outcomes, ['unclosed']);
  });

  test('text that is called gzip, streamed', () => {
    for (const length of [[], ['Content-Length', String(PAGE.length)]]) {
      const room = createTestRoom({ bufferBytes: 10 });
      const { client } = visit(room, {}, { headers: [...GZIP, ...length], chunks: [PAGE] });
      assert.equal(client.body.toString(), PAGE);
      assert.equal(client.state, 'ended');
      assert.deepEqual(room.outcomes, ['encoding']);
    }
  });
});

test('several members are one page', () => {
  const room = createTestRoom();
  const body = Buffer.concat([gzipSync(PAGE.slice(0, 30)), gzipSync(PAGE.slice(30))]);
  for (let times = 0; times < 2; times++) {
    const { client } = visit(room, {}, { headers: GZIP, chunks: [body] });
    const taken = takeSnippet(gunzipSync(client.body))!;
    assert.equal(taken.page, PAGE);
    assert.equal(taken.at, PAGE.indexOf('</body>'));
  }
  assert.deepEqual(room.outcomes, ['recoded', 'recoded']);
});

describe('damage of a stream whose first part is out', () => {
  /** As a browser reads it: what can be decoded, without asking for the end. */
  const lenient = (body: Buffer) => gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  const page = `<!doctype html><p>${noise(300_000)}</p>`;
  const gz = gzipSync(page);

  test('a stream without its end gives what there was, and does not look whole', async (t) => {
    const room = createTestRoom();
    const cut = gz.subarray(0, -1000);
    const { client } = await stream(t, room, [cut]);
    assert.equal(client.state, 'ended');
    assert.throws(() => gunzipSync(client.body));
    assert.equal(lenient(client.body), lenient(cut));
    assert.deepEqual(room.outcomes, ['encoding']);
  });

  test('a wrong checksum gives all text, and does not look right', async (t) => {
    const room = createTestRoom();
    const wrong = Buffer.from(gz);
    wrong[wrong.length - 8] = wrong[wrong.length - 8]! ^ 1;
    const { client } = await stream(t, room, [wrong.subarray(0, 5000), wrong.subarray(5000)]);
    assert.throws(() => gunzipSync(client.body), /incorrect data check/);
    assert.equal(lenient(client.body.subarray(0, -8)), page);
    assert.deepEqual(client.body.subarray(-8), wrong.subarray(-8));
    assert.deepEqual(room.outcomes, ['encoding']);
  });

  test('broken data passes as it came, for the client to find', async (t) => {
    const room = createTestRoom();
    const broken = Buffer.concat([gz.subarray(0, 100_000), Buffer.alloc(50_000, 0xff), gz.subarray(150_000)]);
    const { client } = await stream(t, room, [broken]);
    assert.equal(client.state, 'ended');
    assert.deepEqual(client.body, broken);
    assert.deepEqual(room.outcomes, ['encoding']);
  });

  test('broken data in the last block, whose mark was cleared, cuts the connection', async (t) => {
    const room = createTestRoom();
    const one = gzipSync(PAGE.repeat(9), { memLevel: 9 });
    const broken = Buffer.concat([one.subarray(0, 80), Buffer.alloc(50, 0xff), one.subarray(-8)]);
    const { client } = await stream(t, room, [broken.subarray(0, 60), broken.subarray(60)]);
    assert.equal(client.state, 'aborted');
    assert.deepEqual(room.outcomes, ['encoding']);
  });

  test('rubbish behind the stream is no part of the page', async (t) => {
    const { client } = await stream(t, createTestRoom(), [
      gz,
      Buffer.from('\x1fnot gzip'),
      Buffer.alloc(100_000),
    ]);
    assert.equal(takeSnippet(gunzipSync(client.body))!.page, page);
    assert.equal(client.state, 'ended');
  });

  test('several members are one page', async (t) => {
    const members = Buffer.concat([gz, gzipSync('<p>and more</p></body>'), Buffer.alloc(3)]);
    const { client } = await stream(t, createTestRoom(), [members.subarray(0, 9000), members.subarray(9000)]);
    assert.equal(takeSnippet(gunzipSync(client.body))!.page, `${page}<p>and more</p></body>`);
  });
});

test('a stream of more than 16 MB of text passes without a snippet', async (t) => {
  const room = createTestRoom();
  const huge = Buffer.concat([
    Buffer.from('<!doctype html><p>'),
    Buffer.alloc(17 << 20, 0x78),
    Buffer.from('</p></body>'),
  ]);
  const { client } = await stream(t, room, [gzipSync(huge, { level: 1 })]);
  assert.equal(Buffer.compare(gunzipSync(client.body), huge), 0);
  assert.deepEqual(room.outcomes, ['encoding']);
});

test('a client that takes nothing stops the origin', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const room = createTestRoom();
  const { client, writer, resumed } = ask(room);
  const page = gzipSync(`<!doctype html><p>${noise(4_000_000)}`, { level: 1 });
  writer.head(headOf({ headers: GZIP }));
  pass(t, room, 10);
  t.mock.timers.reset();
  client.full = true;
  let sent = 0;
  for (let idle = 0; idle < 20 && sent < page.length; ) {
    const seen = resumed.times;
    const goOn = writer.data(page.subarray(sent, sent + (8 << 10)));
    sent += 8 << 10;
    for (idle = 0; !goOn && resumed.times === seen && idle < 20; idle++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  assert.ok(sent < 1 << 20, `the origin was let send ${sent} bytes`);
  assert.ok(client.body.length < 1 << 20, `${client.body.length} bytes went to a client that takes none`);
  writer.abort();
});

test('a bomb that streams costs little memory', async (t) => {
  const bomb = gzipSync(Buffer.concat([Buffer.from('<!doctype html><p>'), Buffer.alloc(64 << 20, 0x20)]), {
    level: 1,
  });
  const before = process.memoryUsage();
  const { client } = await stream(t, createTestRoom(), [bomb]);
  const after = process.memoryUsage();
  assert.ok(after.external + after.heapUsed - before.external - before.heapUsed < 32 << 20);
  assert.ok(client.body.length < 2 << 20);
});

test('a paused origin goes on when the client takes bytes again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const room = createTestRoom();
  const { client, writer, resumed } = ask(room);
  const page = `<!doctype html><p>${noise(2_000_000)}</p></body>`;
  const gz = gzipSync(page, { level: 1 });
  writer.head(headOf({ headers: GZIP }));
  pass(t, room, 10);
  t.mock.timers.reset();
  client.full = true;
  let pauses = 0;
  for (let at = 0; at < gz.length; at += 64 << 10) {
    const seen = resumed.times;
    if (writer.data(gz.subarray(at, at + (64 << 10)))) continue;
    pauses++;
    while (resumed.times === seen) {
      client.drain();
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.full = true;
  }
  writer.end([]);
  client.drain();
  await client.over;
  assert.ok(pauses > 0, 'nothing ever waited');
  assert.equal(takeSnippet(gunzipSync(client.body))!.page, page);
});
