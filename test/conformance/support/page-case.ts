/**
 * Runs tables of pages through the whole app. Whatever a row says, these hold: a page that is not edited has the
 * origin's bytes and headers; one that is has them again once our run is taken out, save the headers that the
 * contract names; the outcome is the one that the row says.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { startApp, type TestApp } from '../../support/app.ts';
import { type HeaderLine, headerLines, readBody, responseFraming, valuesOf } from '../../support/message.ts';
import { type Origin, type Received, startOrigin } from '../../support/origin.ts';
import { type RawResponse, roundTrip } from '../../support/raw-client.ts';
import { findRun, PERSONAL, type Run } from '../../support/snippet.ts';
import { hasLines, hasNone, type Lines } from './lines.ts';

export type PageRow = {
  it: string;
  method?: string;
  target?: string;
  /** Lines of the request besides Host; a browser's navigation where none are given. */
  asks?: readonly string[];
  /** Bytes of the origin's answer, Latin-1. */
  answers: string;
  outcome: string;
  originSees?: Lines;
  originLacks?: Lines;
  clientSees?: Lines;
  clientLacks?: Lines;
  /** Whether token, key and document id stand in the page, and whether the pixel does. */
  personal?: boolean;
  pixel?: boolean;
  /** Where our run stands in the page. */
  at?: number;
  /** The start tag of our script holds this. */
  tag?: RegExp;
};

export const NAVIGATION = [
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
];

const EDITED = ['inserted', 'spliced', 'recoded'];

export function pages(section: string, rows: readonly PageRow[], env: Record<string, string> = {}): void {
  describe(section, () => {
    let origin: Origin;
    let app: TestApp;
    let next = '';
    before(async () => {
      origin = await startOrigin((_request, socket) => void socket.write(next, 'latin1'));
      app = await startApp(`http://127.0.0.1:${origin.port}`, { DEBUG_HEADERS: 'true', ...env });
    });
    after(async () => {
      await app.close();
      await origin.close();
    });
    for (const row of rows) {
      test(`${row.it}: ${row.outcome}`, async () => {
        next = row.answers;
        const { method = 'GET', target = '/p', asks = NAVIGATION } = row;
        const lines = [`${method} ${target} HTTP/1.1`, 'Host: shop.test', ...asks, '', ''];
        const response = await roundTrip(app.port, lines.join('\r\n'), method);
        checkPage(row, response, origin.requests.at(-1)!);
      });
    }
  });
}

function checkPage(row: PageRow, response: RawResponse, received: Received): void {
  const said = response.header('x-gotrack-outcome');
  assert.equal(said, row.outcome, response.head);
  const [sentHead, sentBody] = splitMessage(row.answers);
  const edited = EDITED.includes(row.outcome);
  hasLines(received.head, row.originSees ?? [], 'the origin');
  hasNone(received.headers, row.originLacks ?? [], 'the origin');
  hasLines(response.head, row.clientSees ?? [], 'the client');
  hasNone(response.headers, row.clientLacks ?? [], 'the client');
  assert.equal(response.head.split('\r\n', 1)[0], sentHead.split('\r\n', 1)[0]);
  assert.deepEqual(keptHeaders(response.headers, edited), keptHeaders(headerLines(sentHead), edited));
  if (row.method === 'HEAD') assert.deepEqual(response.content.length, 0);
  else if (!edited) assert.equal(response.text, sentBody, 'passes byte for byte');
  else checkRun(row, response, decoded(sentBody, headerLines(sentHead)));
}

function checkRun(row: PageRow, response: RawResponse, page: string): void {
  assert.equal(response.header('content-length'), String(response.content.length));
  const run = findRun(decoded(response.text, response.headers));
  assert.ok(run !== null, 'our run is there');
  assert.equal(run.page, page, "without our run it is the origin's page");
  const text = `${run.pixel ?? ''}${run.tag ?? ''}`;
  if (row.personal !== undefined) assert.equal(PERSONAL.test(text), row.personal, text);
  if (row.pixel !== undefined) assert.equal(run.pixel !== null, row.pixel, text);
  if (row.at !== undefined) assert.equal(run.at, row.at);
  if (row.tag !== undefined) assert.match(run.tag ?? '', row.tag);
  checkPersonal(response, run);
}

/** The invariant that matters most: what is one visitor's never stands where a shared cache may store it. */
function checkPersonal({ headers }: RawResponse, run: Run): void {
  if (!PERSONAL.test(`${run.pixel ?? ''}${run.tag ?? ''}`)) return;
  const control = valuesOf(headers, 'cache-control').join(',').toLowerCase();
  const authorized = !/public|s-maxage|must-revalidate/.test(control);
  assert.ok(/private|no-store/.test(control) || authorized, `personal under ${control}`);
}

/** What an edit may change, and what may be added to HTML that was not edited. */
const EDITS = [
  ...[
    'content-length',
    'transfer-encoding',
    'cache-control',
    'etag',
    'accept-ranges',
    'content-security-policy',
  ],
  ...['content-md5', 'digest', 'content-digest', 'repr-digest', 'content-security-policy-report-only'],
];
const ALWAYS = ['via', 'date', 'vary', 'x-gotrack-outcome', 'x-gotrack-inject', 'connection', 'keep-alive'];

function keptHeaders(headers: readonly HeaderLine[], edited: boolean): HeaderLine[] {
  const may = new Set(edited ? [...ALWAYS, ...EDITS] : ALWAYS);
  const isLength = ([name]: HeaderLine) => name.toLowerCase() === 'content-length';
  const kept = headers.filter(([name]) => !may.has(name.toLowerCase()));
  return [...kept.filter((line) => !isLength(line)), ...kept.filter(isLength)];
}

function splitMessage(message: string): [head: string, body: string] {
  const end = message.indexOf('\r\n\r\n') + 4;
  const head = message.slice(0, end);
  const wire = Buffer.from(message.slice(end), 'latin1');
  const body = readBody(wire, responseFraming(head, 'GET'), true);
  return [head, body!.content.toString('latin1')];
}

function decoded(text: string, headers: readonly HeaderLine[]): string {
  const bytes = Buffer.from(text, 'latin1');
  const coding = valuesOf(headers, 'content-encoding')[0] ?? 'identity';
  switch (coding.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(bytes).toString('latin1');
    case 'br':
      return brotliDecompressSync(bytes).toString('latin1');
    case 'zstd':
      return zstdDecompressSync(bytes).toString('latin1');
    case 'deflate':
      return inflateSync(bytes).toString('latin1');
    default:
      return text;
  }
}
