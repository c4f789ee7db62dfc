/** Large pages pass edited, in every coding, many at once, and never through our memory; bombs pass as they came. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import zlib, { constants } from 'node:zlib';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { type HttpOrigin, startHttpOrigin } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';

const MIB = 2 ** 20;
const PAGES = process.env.TEST_SIZE === 'full' ? 1_000 : 40;
/** Of a thousand: recoders (64 MiB), and what is on its way through each exchange, about a quarter of a MiB. */
const MAX_GROWTH = Math.min(400, 64 + PAGES / 2) * MIB;
const MAX_BOMB_GROWTH = 32 * MIB;
const SLOW_MS = 100;
const ZEROS = 100_000_000;
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

type Codec = { encode: (text: Buffer) => Buffer; decoder: () => (NodeJS.ReadWriteStream & Readable) | null };

const CODECS: Record<string, Codec> = {
  identity: { encode: (text) => text, decoder: () => null },
  gzip: { encode: (text) => zlib.gzipSync(text), decoder: zlib.createGunzip },
  deflate: { encode: (text) => zlib.deflateSync(text), decoder: zlib.createInflate },
  br: { encode: (text) => zlib.brotliCompressSync(text, BROTLI), decoder: zlib.createBrotliDecompress },
  zstd: { encode: (text) => zlib.zstdCompressSync(text), decoder: zlib.createZstdDecompress },
};

const END = '</body></html>';

/** Text like a site's: it shrinks to about a sixth. */
function pageOf(bytes: number): Buffer {
  const words = Array.from({ length: 997 }, (_, i) =>
    createHash('sha1').update(String(i)).digest('hex').slice(0, 7),
  );
  let text = '<!doctype html><html><head><meta charset=utf-8><title>large</title></head><body>';
  for (let i = 0; text.length < bytes - END.length; i++)
    text += `<p class="c${i % 7}">${words[(i * i) % 997]} and ${words[(i * 7) % 997]} ${i}</p>\n`;
  return Buffer.from(text + END);
}

const texts = [1, 3, 5].map((megabytes) => pageOf(megabytes * 1_000_000));
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const digests = texts.map((text) => digestOf(text.subarray(0, -END.length)));
const bodies = new Map<string, Buffer>();
const bombs = new Map<string, Buffer>();

const folder = tempFolder();
let origin: HttpOrigin;
let gotrack: GotrackProcess;

before(async () => {
  const zeros = Buffer.alloc(ZEROS);
  for (const [coding, { encode }] of Object.entries(CODECS)) {
    texts.forEach((text, i) => void bodies.set(`/${coding}/${i}`, encode(text)));
    if (coding !== 'identity') bombs.set(`/${coding}/bomb`, encode(zeros));
  }
  origin = await startHttpOrigin(({ url }, clientRes) => {
    const path = url!.replace('?slow', '');
    const body = bodies.get(path) ?? bombs.get(path);
    const coding = url!.split('/')[1]!;
    clientRes.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': body?.length ?? 0,
      ...(coding === 'identity' ? {} : { 'Content-Encoding': coding }),
    });
    if (path === url) {
      clientRes.end(body);
      return;
    }
    // Not all here in time: so it streams.
    clientRes.write(body!.subarray(0, 20));
    setTimeout(() => clientRes.end(body!.subarray(20)), SLOW_MS);
  });
  gotrack = await startGotrack({
    FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: join(folder.path, 'events.ndjson'),
    RATE_DOCUMENT: '0',
    // The origin is this process, which is busy reading what it has sent.
    ORIGIN_CONNECT_TIMEOUT_MS: '300000',
    ORIGIN_TIMEOUT_MS: '300000',
    DEBUG_HEADERS: 'true',
  });
  for (const coding of Object.keys(CODECS)) await load(coding, 0); // compiled, connected
  await (await get('/zstd/bomb?slow')).toArray(); // and grown to what it uses for any page of that size
});

after(async () => {
  await gotrack.stop();
  await origin.close();
  folder.remove();
});

function residentBytes(): number {
  const status = readFileSync(`/proc/${gotrack.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** How far memory grows while something happens; looked at often, since a high-water mark would be of the past too. */
async function growthWhile(work: () => Promise<unknown>): Promise<number> {
  const start = residentBytes();
  let most = start;
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes());
  }, 5);
  await work();
  clearInterval(timer);
  return Math.max(most, residentBytes()) - start;
}

function get(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    http.get(gotrack.site + path, { agent: false, headers }, resolve).on('error', reject);
  });
}

type Loaded = { digest: string; tail: string; outcome: string };

/** Reads a page as it comes, and keeps what is behind the origin's text but for its end. */
async function load(coding: string, size: number): Promise<Loaded> {
  const response = await get(`/${coding}/${size}`);
  assert.equal(response.statusCode, 200);
  const decoder = CODECS[coding]!.decoder();
  const text: Readable = decoder === null ? response : response.pipe(decoder);
  const hash = createHash('sha256');
  let left = texts[size]!.length - END.length;
  const tail: Buffer[] = [];
  for await (const chunk of text as AsyncIterable<Buffer>) {
    if (left > 0) hash.update(chunk.subarray(0, left));
    if (chunk.length > left) tail.push(chunk.subarray(Math.max(0, left)));
    left = Math.max(0, left - chunk.length);
  }
  const outcome = response.headers['x-gotrack-outcome'] ?? response.trailers['x-gotrack-outcome'];
  return { digest: hash.digest('hex'), tail: Buffer.concat(tail).toString(), outcome: String(outcome) };
}

const isEdited = ({ tail }: Loaded) =>
  tail.includes('px.gif') && tail.includes('</script>') && (tail.endsWith(END) || tail.startsWith(END));

describe('a page of 5 MB passes edited', () => {
  for (const coding of Object.keys(CODECS)) {
    test(coding, async () => {
      const loaded = await load(coding, 2);
      assert.equal(loaded.digest, digests[2]);
      assert.ok(isEdited(loaded), loaded.outcome);
    });
  }
});

describe('a bomb of 100 MB of zeros passes, at little cost', () => {
  for (const coding of Object.keys(CODECS).slice(1)) {
    test(`${coding}, as a stream`, async (t) => {
      let bytes = 0;
      const grown = await growthWhile(async () => {
        const text = (await get(`/${coding}/bomb?slow`)).pipe(CODECS[coding]!.decoder()!);
        for await (const chunk of text as AsyncIterable<Buffer>) bytes += chunk.length;
      });
      t.diagnostic(`memory grew by ${(grown / MIB).toFixed(1)} MiB at most`);
      assert.equal(bytes, ZEROS);
      assert.ok(grown <= MAX_BOMB_GROWTH, `memory grew by ${grown} bytes`);
    });

    test(`${coding}, untouched where it is all here at once`, async (t) => {
      const path = `/${coding}/bomb`;
      let got = Buffer.alloc(0);
      const grown = await growthWhile(async () => {
        got = Buffer.concat(await (await get(path)).toArray());
      });
      t.diagnostic(`memory grew by ${(grown / MIB).toFixed(1)} MiB at most`);
      assert.deepEqual(got, bombs.get(path));
      assert.ok(grown <= MAX_BOMB_GROWTH, `memory grew by ${grown} bytes`);
    });
  }
});

for (const coding of ['identity', 'gzip']) {
  test(`${PAGES} large pages at once, ${coding}, stay inside the bounds`, async (t) => {
    let loaded: Loaded[] = [];
    const grown = await growthWhile(async () => {
      loaded = await Promise.all(Array.from({ length: PAGES }, (_, i) => load(coding, i % 3)));
    });
    const edited = loaded.filter(isEdited).length;
    t.diagnostic(`memory grew by ${(grown / MIB).toFixed(1)} MiB at most; ${edited} of ${PAGES} edited`);
    assert.deepEqual(
      loaded.filter(({ digest }, i) => digest !== digests[i % 3]),
      [],
    );
    assert.ok(loaded.every((one) => isEdited(one) || (one.outcome === 'busy' && one.tail === END)));
    assert.ok(edited >= Math.min(PAGES, 100), `${edited} were edited`);
    assert.ok(grown <= MAX_GROWTH, `memory grew by ${grown} bytes`);
  });
}
