import type { Html } from './html.ts';

/** What a handler answers; `send` does the negotiation of encoding, validators and HEAD. */
export type Reply = {
  readonly status: number;
  /** Everything but the framing and what negotiation adds. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** A stream is sent chunk by chunk as it is made; its length is unknown and it has no validator. */
  readonly body: string | Buffer | AsyncIterable<string>;
  /** Whether a client that accepts gzip gets it: some pages are left plain on purpose, to show both. */
  readonly gzip: boolean;
};

export type PageOptions = {
  /** `private` pages are one visitor's own; `public` ones any cache may keep for the time given. */
  cache: 'private, no-cache' | 'no-store' | `public, max-age=${number}`;
  gzip: boolean;
  status?: number;
  headers?: Reply['headers'];
};

const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
};

export function pageReply(page: Html | AsyncIterable<string>, options: PageOptions): Reply {
  return {
    status: options.status ?? 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': options.cache,
      ...SECURITY_HEADERS,
      ...options.headers,
    },
    body: 'markup' in page ? page.markup : page,
    gzip: options.gzip,
  };
}

export function jsonReply(value: unknown, cache: PageOptions['cache']): Reply {
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': cache,
    ...SECURITY_HEADERS,
  };
  return { status: 200, headers, body: JSON.stringify(value), gzip: true };
}

/** 303, so that a form's POST is followed by a GET (RFC 9110 §15.4.4). */
export function redirectReply(location: string, cookies: readonly string[] = []): Reply {
  const setCookie = cookies.length === 0 ? {} : { 'Set-Cookie': cookies };
  const headers = { Location: location, 'Cache-Control': 'no-store', ...setCookie };
  return { status: 303, headers, body: '', gzip: false };
}

export function textReply(status: number, text: string, headers: Reply['headers'] = {}): Reply {
  const own = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    ...SECURITY_HEADERS,
  };
  return { status, headers: { ...own, ...headers }, body: `${text}\n`, gzip: false };
}
