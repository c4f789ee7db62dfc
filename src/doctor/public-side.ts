/**
 * Requests to the public URL, through whatever stands before the running instance. A POST is sent only where an
 * instance of ours has shown itself, since it would reach the living site otherwise.
 */
import { headerList, type RawHeaders } from '../http/raw-headers.ts';
import { once } from './once.ts';
import type { PageAddress } from './page-address.ts';
import { PAGE_BYTES, pageHeaders } from './page-headers.ts';
import { pageText, pixelUrl } from './page-text.ts';
import type { Answer, Probe } from './probe.ts';
import type { Grant } from './sign.ts';

/** `localAddress`: from where we asked; `at`: our clock when the answer came, epoch milliseconds. */
export type Hello =
  | { readonly ok: true; readonly grant: Grant; now: number; localAddress: string; at: number }
  | { readonly ok: false; readonly why: string };

export type HelloAsk = {
  /** Local address to ask from. */
  readonly from?: string;
  /** Sent besides. */
  readonly headers?: RawHeaders;
};

export type PublicSide = {
  /** The page as a visitor gets it. */
  page(): Promise<Answer>;
  /** Whether a path that is ours alone is answered by an instance of ours. */
  isOurs(): Promise<boolean>;
  /** Whether the page comes through it too, so that a POST to it is answered by us and not by the site. */
  pageIsOurs(): Promise<boolean>;
  /** Asks the running instance for a token; only where `isOurs`. */
  hello(ask?: HelloAsk): Promise<Hello>;
  /** A signed POST to the page; only where `pageIsOurs`. */
  post(hmac: string, body: string): Promise<Answer>;
};

export type PublicSettings = {
  readonly pathPrefix: string;
  readonly userAgent: string;
  /** The text of the tracker. */
  readonly tracker: string;
};

const ANSWER_BYTES = 64 * 1024;

export function createPublicSide(settings: PublicSettings, page: PageAddress, probe: Probe): PublicSide {
  const { hostname, port, host } = page;
  const place = { protocol: `${page.scheme}:` as const, hostname, port };
  const collectPath = `${settings.pathPrefix}/collect`;
  const own = ['Host', host, 'User-Agent', settings.userAgent];

  const getPage = once(() => {
    const headers = pageHeaders({ host, userAgent: settings.userAgent, encoding: 'gzip' });
    return probe(place, { method: 'GET', path: page.target, headers, maxBytes: PAGE_BYTES });
  });

  const isOurs = once(async () => {
    const ask = { method: 'GET' as const, path: collectPath, headers: own, maxBytes: ANSWER_BYTES };
    const answer = await probe(place, ask);
    return answer.ok && answer.status === 405 && answer.body.includes('"error":"wrong-method"');
  });

  const pageIsOurs = once(async () => {
    const answer = await getPage();
    if (!answer.ok || !(await isOurs())) return false;
    if (/(?:^|[\s,])[\d.]+ gotrack\b/.test(headerList(answer.headers, 'via') ?? '')) return true;
    const text = pageText(answer) ?? '';
    return text.includes(settings.tracker) || pixelUrl(text) !== null;
  });

  function send(path: string, headers: RawHeaders, { body, from }: { body: string; from?: string }) {
    const length = String(Buffer.byteLength(body));
    const all = [...own, 'Sec-Fetch-Site', 'same-origin', 'Content-Length', length, ...headers];
    const ask = { method: 'POST' as const, path, headers: all, body, maxBytes: ANSWER_BYTES };
    return probe(place, from === undefined ? ask : { ...ask, from });
  }

  return {
    page: getPage,
    isOurs,
    pageIsOurs,
    async hello({ from, headers = [] } = {}) {
      const path = (await pageIsOurs()) ? page.target : collectPath;
      const body = from === undefined ? { body: '' } : { body: '', from };
      return readHello(await send(path, ['X-GoTrack-HMAC', 'hello', ...headers], body));
    },
    post: (hmac, body) =>
      send(page.target, ['Content-Type', 'application/json', 'X-GoTrack-HMAC', hmac], { body }),
  };
}

/** From a 200 with token, key and the server's clock; anything else in words. */
export function readHello(answer: Answer): Hello {
  if (!answer.ok) return { ok: false, why: answer.detail };
  const why = `the answer is ${answer.status}, not a token`;
  if (answer.status !== 200) return { ok: false, why };
  try {
    const { token, key, now } = JSON.parse(answer.body.toString('utf8'));
    if (typeof token !== 'string' || typeof key !== 'string' || typeof now !== 'number') {
      return { ok: false, why };
    }
    return { ok: true, grant: { token, key }, now, localAddress: answer.localAddress, at: answer.at };
  } catch {
    return { ok: false, why }; // no JSON: somebody else answered
  }
}
