/** The text of a page as a browser would decode it, one Latin-1 character a byte, and what of ours stands in it. */
import zlib from 'node:zlib';
import { headerList, headerValue } from '../http/raw-headers.ts';
import type { Answered } from './probe.ts';

/** More than any page that is looked at; a bomb ends here. */
const MAX_TEXT = 32 << 20;
const SYNC = { maxOutputLength: MAX_TEXT, finishFlush: zlib.constants.Z_SYNC_FLUSH };
const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: (body) => zlib.gunzipSync(body, SYNC),
  'x-gzip': (body) => zlib.gunzipSync(body, SYNC),
  deflate: (body) => zlib.inflateSync(body, SYNC),
  br: (body) => zlib.brotliDecompressSync(body, { maxOutputLength: MAX_TEXT }),
  zstd: (body) => zlib.zstdDecompressSync(body, { maxOutputLength: MAX_TEXT }),
};

export const encodingOf = ({ headers }: Answered): string =>
  (headerList(headers, 'content-encoding') ?? '').trim().toLowerCase() || 'identity';

/** Null: in a coding that we do not know, or damaged. */
export function pageText(answer: Answered): string | null {
  const coding = encodingOf(answer);
  const decode = Object.hasOwn(DECODERS, coding) ? DECODERS[coding]! : null;
  try {
    return decode === null ? null : decode(answer.body).toString('latin1');
  } catch {
    return null; // damaged, or a part of something that cannot be decoded in parts
  }
}

export const isHtml = ({ headers }: Answered): boolean =>
  /^\s*text\/html\s*(?:;|$)/i.test(headerValue(headers, 'content-type') ?? '');

/** The token of a personal page, with its key; null where it carries none. */
export function pageGrant(text: string): { token: string; key: string } | null {
  const token = / data-token="([A-Za-z0-9_-]{1,200})"/.exec(text)?.[1];
  const key = / data-key="([A-Za-z0-9_-]{1,200})"/.exec(text)?.[1];
  return token === undefined || key === undefined ? null : { token, key };
}

/** The page's URL as our pixel states it, which is how the instance saw the request; null without a pixel. */
export function pixelUrl(text: string): URL | null {
  const value = /\/px\.gif\?e=pageview&amp;auto=1&amp;d=[^"&]*&amp;url=([^"&]*)"/.exec(text)?.[1];
  try {
    return value === undefined ? null : new URL(decodeURIComponent(value));
  } catch {
    return null;
  }
}
