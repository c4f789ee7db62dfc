/** The HTML that the benchmarks serve: a page of the Python documentation, made longer, and made many. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, crc32, deflateRawSync } from 'node:zlib';

const FOLDER = '/usr/share/doc/python3.11/html';
export const PAGE_BYTES = 100_000;
export const LARGE_PAGE_BYTES = 5_000_000;

/** The page nearest to 100 KB; `null` where Debian's python3-doc is not installed. */
export function readPage(): string | null {
  const distance = (name: string) => Math.abs(statSync(join(FOLDER, name)).size - PAGE_BYTES);
  const [nearest] = globSync('**/*.html', { cwd: FOLDER }).toSorted((a, b) => distance(a) - distance(b));
  return nearest === undefined ? null : readFileSync(join(FOLDER, nearest), 'utf8');
}

/** The same head, and the same body again and again. */
export function lengthen(page: string, bytes: number): string {
  const from = page.indexOf('>', page.indexOf('<body')) + 1;
  const to = page.lastIndexOf('</body>');
  const times = Math.round((bytes - page.length) / (to - from)) + 1;
  return page.slice(0, from) + page.slice(from, to).repeat(times) + page.slice(to);
}

/**
 * Makes gzip pages that differ in a comment behind the doctype. All but that is deflated once: a stored block
 * (RFC 1951 §3.2.4) holds the start, and compressing thousands of pages would take a minute.
 */
export function createVariants(page: string): (n: number) => Buffer {
  const cut = page.indexOf('>') + 1;
  const rest = Buffer.from(page.slice(cut));
  const deflated = deflateRawSync(rest, { level: constants.Z_DEFAULT_COMPRESSION });
  return (n) => {
    const start = Buffer.from(`${page.slice(0, cut)}<!-- page ${n} -->`);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(rest, crc32(start)), 0);
    trailer.writeUInt32LE(start.length + rest.length, 4);
    return Buffer.concat([GZIP_HEADER, storedBlock(start), deflated, trailer]);
  };
}

/** RFC 1952 §2.3: no name, no time, made on Unix. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

function storedBlock(bytes: Buffer): Buffer {
  const header = Buffer.alloc(5); // not the last, stored, then the length and its complement
  header.writeUInt16LE(bytes.length, 1);
  header.writeUInt16LE(bytes.length ^ 0xffff, 3);
  return Buffer.concat([header, bytes]);
}

/** What peers insert: as long as our tracker, without the characters that nginx's configuration gives a meaning. */
export function peerSnippet(): string {
  const tracker = readFileSync(new URL('../../client/dist/tracker.js', import.meta.url), 'utf8');
  return `<script>${tracker.replace(/[$'"\\\n]/g, '_')}</script>`;
}
