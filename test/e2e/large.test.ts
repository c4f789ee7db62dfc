/** Large bodies pass both ways byte for byte, and never through our memory. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { tempFolder } from '../support/temp.ts';

const MIB = 2 ** 20;
const SIZE = process.env.TEST_SIZE === 'full' ? 1024 * MIB : 192 * MIB;
const MAX_GROWTH = 64 * MIB;

const folder = tempFolder();
let origin: http.Server;
let gotrack: GotrackProcess;

/** SIZE bytes that repeat only after a long while, as a stream. */
function* pattern(): Generator<Buffer> {
  const block = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < SIZE; sent += block.length) {
    block.writeUInt32LE(sent, sent % (block.length - 4));
    yield Buffer.from(block);
  }
}

const expected = (() => {
  const hash = createHash('sha256');
  for (const block of pattern()) hash.update(block);
  return hash.digest('hex');
})();

before(async () => {
  origin = http.createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': SIZE });
      await pipeline(Readable.from(pattern()), response).catch(() => {});
      return;
    }
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk);
    response.end(hash.digest('hex'));
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  gotrack = await startGotrack({
    FORWARD_DESTINATION: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: join(folder.path, 'events.ndjson'),
  });
  await fetch(gotrack.site, { method: 'OPTIONS' }).then((response) => response.arrayBuffer());
});

after(async () => {
  await gotrack.stop();
  origin.close();
  origin.closeAllConnections();
  folder.remove();
});

/** Resident bytes, and their high-water mark since the process started. */
function memory(pid: number): { rss: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
  return { rss: kib('VmRSS'), peak: kib('VmHWM') };
}

const megabytes = SIZE / MIB;

test(`a download of ${megabytes} MiB arrives byte for byte`, async (t) => {
  const before = memory(gotrack.pid).rss;
  const response = await fetch(`${gotrack.site}/file.bin`);
  const hash = createHash('sha256');
  for await (const chunk of response.body!) hash.update(chunk);
  assert.equal(hash.digest('hex'), expected);
  const grown = memory(gotrack.pid).peak - before;
  t.diagnostic(`memory grew by ${(grown / MIB).toFixed(1)} MiB at most`);
  assert.ok(grown < MAX_GROWTH, `memory grew by ${grown} bytes`);
});

test(`an upload of ${megabytes} MiB arrives byte for byte`, async (t) => {
  const before = memory(gotrack.pid).rss;
  const request = http.request(`${gotrack.site}/upload`, { method: 'POST' });
  const answer = new Promise<string>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', async (response) => resolve((await response.toArray()).join('')));
  });
  await pipeline(Readable.from(pattern()), request);
  assert.equal(await answer, expected);
  const grown = memory(gotrack.pid).peak - before;
  t.diagnostic(`memory grew by ${(grown / MIB).toFixed(1)} MiB at most`);
  assert.ok(grown < MAX_GROWTH, `memory grew by ${grown} bytes`);
});
