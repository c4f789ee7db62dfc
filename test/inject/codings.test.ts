/** Pages in the codings that have to be recoded: brotli, zstd and both kinds of deflate. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Transform } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import zlib, { constants } from 'node:zlib';
import {
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

type Coding = {
  name: string;
  header: string;
  raw?: true;
  encode: (text: Buffer | string) => Buffer;
  decode: (body: Buffer) => Buffer;
  /** What there is of a stream that has no end. */
  decodeCut: (body: Buffer) => Buffer;
  encoder: () => Transform & { flush(done: () => void): void };
  decoder: () => Transform;
};

const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
const CODINGS: Coding[] = [
  {
    name: 'brotli',
    header: 'br',
    encode: (text) => zlib.brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    decode: zlib.brotliDecompressSync,
    decodeCut: (body) => zlib.brotliDecompressSync(body, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
    encoder: zlib.createBrotliCompress,
    decoder: zlib.createBrotliDecompress,
  },
  {
    name: 'zstd',
    header: 'zstd',
    encode: zlib.zstdCompressSync,
    decode: zlib.zstdDecompressSync,
    decodeCut: (body) => zlib.zstdDecompressSync(body, { finishFlush: constants.ZSTD_e_flush }),
    encoder: zlib.createZstdCompress,
    decoder: zlib.createZstdDecompress,
  },
  {
    name: 'deflate as it should be',
    header: 'deflate',
    encode: zlib.deflateSync,
    decode: zlib.inflateSync,
    decodeCut: (body) => zlib.inflateSync(body, SYNC),
    encoder: zlib.createDeflate,
    decoder: zlib.createInflate,
  },
  {
    name: 'deflate without its header',
    raw: true,
    header: 'deflate',
    encode: zlib.deflateRawSync,
    decode: zlib.inflateRawSync,
    decodeCut: (body) => zlib.inflateRawSync(body, SYNC),
    encoder: zlib.createDeflateRaw,
    decoder: zlib.createInflateRaw,
  },
];

const headersOf = ({ header }: Coding, body: Buffer) => [
  ...HTML,
  'Content-Encoding',
  header,
  'Content-Length',
  String(body.length),
  'ETag',
  '"a"',
];

/** Text that hardly shrinks: hexadecimal digits that nobody foresees, the same each time. */
function noise(chars: number): string {
  return createHash('shake256', { outputLength: chars / 2 })
    .update('noise')
    .digest('hex');
}

/** Up to where the page streams, since it was not all here in time. */
function openStreamed(t: TestContext, room: TestRoom, coding: Coding) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const opened = ask(room);
  opened.writer.head(headOf({ headers: [...HTML, 'Content-Encoding', coding.header] }));
  pass(t, room, 10);
  t.mock.timers.reset();
  return opened;
}

async function stream(t: TestContext, coding: Coding, chunks: readonly Buffer[], room = createTestRoom()) {
  const opened = openStreamed(t, room, coding);
  for (const chunk of chunks) opened.writer.data(chunk);
  opened.writer.end([]);
  await opened.client.over;
  return { ...opened, room };
}

for (const coding of CODINGS) {
  describe(coding.name, () => {
    const body = coding.encode(PAGE);

    test('a whole page gets the snippet, keeps its coding, and has an exact Content-Length', () => {
      const room = createTestRoom();
      const { client } = visit(room, {}, { headers: headersOf(coding, body), chunks: [body] });
      assert.equal(client.header('content-encoding'), coding.header);
      assert.equal(client.header('content-length'), String(client.body.length));
      const taken = takeSnippet(coding.decode(client.body))!;
      assert.equal(taken.page, PAGE);
      assert.equal(taken.at, PAGE.indexOf('</body>'));
      assert.deepEqual(room.outcomes, ['recoded']);
    });

    test('a streamed page gets it, wherever its bytes are cut', async (t) => {
      for (let at = 1; at < body.length; at++) {
        const { client, room } = await stream(t, coding, [body.subarray(0, at), body.subarray(at)]);
        assert.equal(takeSnippet(coding.decode(client.body))!.page, PAGE, `cut at ${at}`);
        assert.equal(client.header('content-length'), undefined);
        assert.deepEqual(room.outcomes, ['recoded']);
      }
    });

    test('a page of 5 MB gets it', async () => {
      const page = `<!doctype html><body>${noise(1 << 20)}${'<p>text</p>'.repeat(400_000)}</body>`;
      const large = coding.encode(page);
      const { client, writer } = ask(createTestRoom());
      writer.head(headOf({ headers: headersOf(coding, large) }));
      for (let at = 0; at < large.length; at += 65_536) writer.data(large.subarray(at, at + 65_536));
      writer.end([]);
      await client.over;
      assert.equal(takeSnippet(coding.decode(client.body))!.page, page);
    });

    test('what the origin has flushed, the client can show', async (t) => {
      const { client, writer } = openStreamed(t, createTestRoom(), coding);
      const encoder = coding.encoder();
      const decoder = coding.decoder();
      encoder.on('data', (chunk: Buffer) => writer.data(chunk));
      let shown = '';
      decoder.on('data', (chunk: Buffer) => {
        shown += chunk;
      });
      for (const text of ['<!doctype html><p>first</p>', '<p>second</p>']) {
        encoder.write(text);
        await new Promise<void>((resolve) => encoder.flush(resolve));
        while (!shown.endsWith(text)) {
          for (const chunk of client.chunks.splice(0)) decoder.write(chunk);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      assert.equal(client.state, 'open');
      writer.abort();
    });

    test('damaged or cut, a whole page passes as it came', async () => {
      const bad = Buffer.from(body);
      bad.fill(0xff, 4, 30);
      const large = coding.encode(`<!doctype html>${noise(1 << 20)}`.repeat(3)).subarray(0, -20);
      for (const [damaged, bufferBytes] of [
        [bad, 256 << 10],
        [body.subarray(0, -9), 256 << 10],
        [Buffer.from(PAGE), 256 << 10],
        [Buffer.from([0xff]), 256 << 10],
        [large, 8 << 20],
      ] as const) {
        const room = createTestRoom({ bufferBytes });
        const { client } = visit(room, {}, { headers: headersOf(coding, damaged), chunks: [damaged] });
        await client.over;
        assert.equal(Buffer.compare(client.body, damaged), 0);
        assert.equal(client.header('content-length'), String(damaged.length));
        assert.equal(client.header('etag'), '"a"');
        assert.deepEqual(room.outcomes, ['encoding']);
      }
    });

    test('text that only bears the name passes, streamed too', async (t) => {
      const { client, room } = await stream(t, coding, [Buffer.from(PAGE)]);
      assert.equal(client.body.toString(), PAGE);
      assert.deepEqual(room.outcomes, ['encoding']);
    });

    test('a stream without its end gives what there was, and does not look whole', async (t) => {
      const page = `<!doctype html><p>${noise(300_000)}</p></body>`;
      const cut = coding.encode(page).subarray(0, -50_000);
      const { client, room } = await stream(t, coding, [cut]);
      assert.equal(client.state, 'ended');
      assert.throws(() => coding.decode(client.body));
      const shown = coding.decodeCut(client.body).toString();
      assert.ok(page.startsWith(shown) && shown.length > 100_000, `${shown.length} bytes were shown`);
      assert.deepEqual(room.outcomes, ['encoding']);
    });

    test('broken data behind a good start cuts the connection', async (t) => {
      const page = `<!doctype html>${noise(600_000)}`;
      // Without a checksum only a block of a kind that does not exist is surely none.
      const good = coding.raw ? zlib.deflateRawSync(page, SYNC) : coding.encode(page).subarray(0, 100_000);
      const rubbish = coding.raw ? Buffer.alloc(100, 7) : Buffer.from(noise(100_000), 'hex');
      const broken = Buffer.concat([good, rubbish]);
      const { client, room } = await stream(t, coding, [broken]);
      assert.equal(client.state, 'aborted');
      assert.deepEqual(room.outcomes, ['encoding']);
    });

    test('a bomb that is all here passes untouched', async () => {
      const bomb = coding.encode(Buffer.alloc(32 << 20, 0x20));
      const room = createTestRoom();
      const { client } = visit(room, {}, { headers: headersOf(coding, bomb), chunks: [bomb] });
      await client.over;
      assert.deepEqual(client.body, bomb);
      assert.equal(client.header('content-length'), String(bomb.length));
      assert.deepEqual(room.outcomes, ['encoding']);
    });

    test('a stream of more than 16 MB of text goes on without a snippet', async (t) => {
      const text = Buffer.alloc(17 << 20, 0x78);
      text.write('<!doctype html><p>');
      const { client, room } = await stream(t, coding, [coding.encode(text)]);
      assert.equal(Buffer.compare(coding.decode(client.body), text), 0);
      assert.deepEqual(room.outcomes, ['encoding']);
    });

    test('a client that takes nothing stops the origin, and one that takes again gets all', async (t) => {
      const room = createTestRoom();
      const { client, writer, resumed } = openStreamed(t, room, coding);
      const page = `<!doctype html><p>${noise(2_000_000)}</p></body>`;
      const encoded = coding.encode(page);
      client.full = true;
      let sent = 0;
      let waits = 0;
      while (sent < encoded.length) {
        const seen = resumed.times;
        const goOn = writer.data(encoded.subarray(sent, sent + (64 << 10)));
        sent += 64 << 10;
        if (goOn) continue;
        waits++;
        if (waits === 1) assert.ok(sent < 1 << 20, `${sent} bytes before the origin had to wait`);
        while (resumed.times === seen) {
          client.drain();
          await new Promise((resolve) => setImmediate(resolve));
          client.full = true;
        }
      }
      writer.end([]);
      while (client.state === 'open') {
        client.drain();
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(waits > 0, 'nothing ever waited');
      assert.equal(takeSnippet(coding.decode(client.body))!.page, page);
    });

    test('a page that may not be edited keeps its bytes', () => {
      const open = coding.encode('<!doctype html><textarea>');
      const room = createTestRoom();
      const { client } = visit(room, {}, { headers: headersOf(coding, open), chunks: [open] });
      assert.deepEqual(client.body, open);
      assert.deepEqual(room.outcomes, ['unclosed']);
    });
  });
}

test('several zstd frames are one page, whole and streamed', async (t) => {
  const frames = Buffer.concat([
    zlib.zstdCompressSync(PAGE.slice(0, 30)),
    Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]), // a frame to be skipped
    zlib.zstdCompressSync(PAGE.slice(30)),
  ]);
  const zstd = CODINGS[1]!;
  const whole = visit(createTestRoom(), {}, { headers: headersOf(zstd, frames), chunks: [frames] });
  assert.equal(takeSnippet(zlib.zstdDecompressSync(whole.client.body))!.page, PAGE);
  for (let at = 1; at < frames.length; at++) {
    const { client } = await stream(t, zstd, [frames.subarray(0, at), frames.subarray(at)]);
    assert.equal(takeSnippet(zlib.zstdDecompressSync(client.body))!.page, PAGE, `cut at ${at}`);
  }
});

test('a zstd window that no browser takes is left to those who know better', () => {
  const wide = zlib.zstdCompressSync(PAGE.repeat(200_000), {
    params: { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 },
  });
  const room = createTestRoom();
  const headers = headersOf(CODINGS[1]!, wide);
  assert.deepEqual(visit(room, {}, { headers, chunks: [wide] }).client.body, wide);
  assert.deepEqual(room.outcomes, ['encoding']);
});

test('more pages than may be recoded at a time pass as they came, and are counted', (t) => {
  const room = createTestRoom();
  const brotli = CODINGS[0]!;
  const opened = Array.from({ length: 150 }, () => openStreamed(t, room, brotli));
  assert.ok(room.outcomes.length === 0);
  for (const { writer } of opened) writer.abort();
  const passed = room.outcomes.filter((outcome) => outcome === 'busy').length;
  assert.ok(passed > 50 && passed < 150, `${passed} passed`);
  const again = openStreamed(t, room, brotli);
  again.writer.abort();
  assert.equal(room.outcomes.at(-1), 'cut', 'what they had taken is free again');
});
