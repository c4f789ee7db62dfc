/**
 * CPU of a page of 100 KB that gets the tracker. nginx inserts by sub_filter, and for the gzip rows it takes identity
 * from the origin and compresses at level 1; http-proxy gathers, decodes, replaces and encodes at level 1.
 */
import { runBenchmarks } from './support/bench.ts';
import type { Candidate, Setting } from './support/candidates.ts';
import { getPage } from './support/get.ts';
import { type WrkOptions, wrk } from './support/load.ts';
import { NEW_PAGES } from './support/site.ts';
import { measureWorks, type Work } from './support/work.ts';

const CONNECTIONS = 64;
/** What is under way when time is up has cost CPU and does not count: fewer of what takes long. */
const LARGE_PAGE_CONNECTIONS = 4;
const NEW_PAGES_SCRIPT = new URL('support/new-pages.lua', import.meta.url).pathname;

/** What a browser says when somebody opens a page. */
const NAVIGATION = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'de-DE,de;q=0.9,en;q=0.8',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'none',
};
const HEADERS = Object.entries(NAVIGATION).map(([name, value]) => `${name}: ${value}`);

export const settingOf =
  (html: 'identity' | 'gzip', variables: Record<string, string> = {}): Work['setting'] =>
  ({ site }): Setting => ({ origin: site.url, tls: null, html, variables });

export function loadPages(url: string, options: Pick<WrkOptions, 'seconds' | 'script'>): Promise<number> {
  const connections = url.endsWith('/large.html') ? LARGE_PAGE_CONNECTIONS : CONNECTIONS;
  return wrk(url, { connections, headers: HEADERS, ...options });
}

/** One page with the script in it, in the coding that is to be measured. */
const check = (path: string, coding: string | null) => async (candidate: Candidate) => {
  const { coding: has, text } = await getPage(candidate.url + path, NAVIGATION);
  if (has !== coding) throw new Error(`${candidate.name} sent ${path} as ${has}, not as ${coding}`);
  if (!text.includes('gotrack')) throw new Error(`${candidate.name} inserted nothing into ${path}`);
};

/** `path` of one page that everybody gets. */
export const samePage = (path: string, work: Pick<Work, 'id' | 'name'> & Partial<Work>): Work => ({
  setting: settingOf(path.startsWith('/gzip') ? 'gzip' : 'identity'),
  load: ({ url }, seconds) => loadPages(url + path, { seconds }),
  check: check(path, path.startsWith('/gzip') ? 'gzip' : null),
  ...work,
});

/** Goes on where the last load of this candidate ended, so that no page comes again too soon. */
function newPages(): Work['load'] {
  const requested = new Map<string, number>();
  return async ({ url }, seconds) => {
    const first = requested.get(url) ?? 0;
    const script = { file: NEW_PAGES_SCRIPT, args: [String(first), String(NEW_PAGES)] };
    const answered = await loadPages(url, { seconds, script });
    requested.set(url, first + answered + CONNECTIONS); // at most so many were under way
    return answered;
  };
}

export const HTML = {
  identity: samePage('/identity/page.html', {
    id: 'html',
    name: 'HTML 100 KB + tracker, identity',
    byPart3: { xNginx: 1.05 },
    inTheEnd: { xNginx: 0.9 },
  }),
  events: samePage('/identity/page.html', {
    id: 'html-events',
    name: 'the same, RATE_DOCUMENT=0: each page an event',
    setting: settingOf('identity', { RATE_DOCUMENT: '0' }),
  }),
  gzipNew: {
    id: 'gzip-new',
    name: 'HTML 100 KB + tracker, gzip, new',
    setting: settingOf('gzip'),
    load: newPages(),
    check: check('/new/0.html', 'gzip'),
    byPart3: { xNginx: 0.5 },
    inTheEnd: { xNginx: 0.4 },
  } satisfies Work as Work,
  gzipKnown: samePage('/gzip/page.html', {
    id: 'gzip-known',
    name: 'HTML 100 KB + tracker, gzip, known',
    byPart3: { xNginx: 0.2 },
    inTheEnd: { xNginx: 0.13 },
  }),
};

export const html = measureWorks(Object.values(HTML));

if (import.meta.main) await runBenchmarks([html]);
