/** Codings that can only be edited by recoding, and the tracker at the head (RFC 9110 §8.4, §12.5.3). */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { answer } from './support/messages.ts';
import { NAVIGATION, pages } from './support/page-case.ts';

const PAGE =
  '<!doctype html><html><head><meta charset="utf-8"><title>t</title></head><body><p>hello</p></body></html>\n';
const HTML = 'Content-Type: text/html; charset=utf-8';
const coded = (coding: string, bytes: Buffer, ...lines: string[]) =>
  answer('200 OK', bytes.toString('latin1'), HTML, `Content-Encoding: ${coding}`, ...lines);
const html = answer('200 OK', PAGE, HTML);

pages('what can be read is recoded', [
  {
    it: 'br',
    answers: coded('br', brotliCompressSync(PAGE)),
    outcome: 'recoded',
    clientSees: 'Content-Encoding: br',
  },
  {
    it: 'zstd',
    answers: coded('zstd', zstdCompressSync(PAGE)),
    outcome: 'recoded',
    clientSees: 'Content-Encoding: zstd',
  },
  {
    it: 'deflate',
    answers: coded('deflate', deflateSync(PAGE)),
    outcome: 'recoded',
    clientSees: 'Content-Encoding: deflate',
  },
  { it: 'capitals', answers: coded('BR', brotliCompressSync(PAGE)), outcome: 'recoded' },
  { it: 'identity by name', answers: coded('identity', Buffer.from(PAGE)), outcome: 'inserted' },
  { it: 'br that is none', answers: coded('br', Buffer.from(PAGE)), outcome: 'encoding' },
  {
    it: 'zstd that was cut',
    answers: coded('zstd', zstdCompressSync(PAGE).subarray(0, -3)),
    outcome: 'encoding',
  },
  { it: 'br in gzip', answers: coded('br, gzip', gzipSync(brotliCompressSync(PAGE))), outcome: 'encoding' },
  { it: 'JSON in br', answers: coded('br', brotliCompressSync('{"a":1}')), outcome: 'not-page' },
  {
    it: 'its digests go',
    answers: coded('br', brotliCompressSync(PAGE), 'Repr-Digest: sha-256=:eA==:'),
    outcome: 'recoded',
    clientLacks: 'repr-digest',
  },
]);

pages('what the origin is asked for where a client names no gzip', [
  {
    it: 'br',
    asks: ['Accept-Encoding: br'],
    answers: html,
    outcome: 'inserted',
    originSees: 'Accept-Encoding: br',
  },
  {
    it: 'zstd',
    asks: ['Accept-Encoding: zstd'],
    answers: html,
    outcome: 'inserted',
    originSees: 'Accept-Encoding: zstd',
  },
  {
    it: 'gzip with no weight',
    asks: ['Accept-Encoding: gzip;q=0, br'],
    answers: html,
    outcome: 'inserted',
    originSees: 'Accept-Encoding: br',
  },
  {
    it: 'nothing that we can edit',
    asks: ['Accept-Encoding: compress'],
    answers: html,
    outcome: 'inserted',
    originSees: 'Accept-Encoding: identity',
  },
]);

pages(
  'INJECT_AT=head: the script stands behind the charset',
  [
    { it: 'a page', asks: NAVIGATION, answers: html, outcome: 'inserted', at: PAGE.indexOf('<title>') },
    {
      it: 'a page in gzip',
      answers: coded('gzip', gzipSync(PAGE)),
      outcome: 'recoded',
      at: PAGE.indexOf('<title>'),
    },
    { it: 'JSON', answers: answer('200 OK', '{"a":1}', HTML), outcome: 'not-page' },
  ],
  { INJECT_AT: 'head' },
);
