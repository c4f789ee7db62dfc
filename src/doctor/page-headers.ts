/** What a browser says when it opens a page, under the doctor's own name. */
import type { RawHeaders } from '../http/raw-headers.ts';

/** As browsers of 2026 ask; `encoding` replaces it. */
export const BROWSER_ENCODINGS = 'gzip, deflate, br, zstd';

/** Of a page; what is larger is looked at only so far. */
export const PAGE_BYTES = 4 << 20;

export type PageAsking = { host: string; userAgent: string; encoding?: string };

export function pageHeaders({ host, userAgent, encoding = BROWSER_ENCODINGS }: PageAsking): RawHeaders {
  return [
    ...['Host', host, 'User-Agent', userAgent],
    ...['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
    ...['Accept-Encoding', encoding],
    ...['Sec-Fetch-Site', 'none', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'],
  ];
}
