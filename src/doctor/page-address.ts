/** The page that is looked at, as its visitors call it. */

export type PageAddress = {
  readonly scheme: 'http' | 'https';
  /** As in a Host header: a port that is not the scheme's own stands behind it. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** Path and query. */
  readonly target: string;
  /** Visitors can reach it: it was given as a URL. Else it is the page of a trial on this machine. */
  readonly live: boolean;
  /** For people. */
  readonly url: string;
};

export type PageReading = { ok: true; page: PageAddress } | { ok: false; expected: string };

const EXPECTED = 'a URL such as https://shop.example/p/7, or a path such as /p/7';

/** `text`: what the person wrote, undefined where nothing. `trialUrl`: where a trial on this machine is called. */
export function readPageAddress(text: string | undefined, trialUrl: string): PageReading {
  const isPath = text === undefined || text.startsWith('/');
  if (!isPath && !/^https?:\/\//i.test(text)) return { ok: false, expected: EXPECTED };
  if (isPath && !URL.canParse(trialUrl + (text ?? '/'))) return { ok: false, expected: EXPECTED };
  if (!isPath && !URL.canParse(text)) return { ok: false, expected: EXPECTED };
  const url = new URL(isPath ? trialUrl + (text ?? '/') : text);
  if (url.username !== '' || url.password !== '') {
    return { ok: false, expected: `${EXPECTED}, without a user and a password` };
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  const { host, hostname } = url;
  const target = url.pathname + url.search;
  return {
    ok: true,
    page: { scheme, host, hostname, port, target, live: !isPath, url: url.origin + target },
  };
}
