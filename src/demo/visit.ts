import type { Clock } from '../lib/clock.ts';
import type { Kiln } from './kiln.ts';
import type { Reply } from './reply.ts';
import type { Sessions } from './sessions.ts';
import type { StaticFiles } from './static-files.ts';

/** A request as the pages see it. */
export type Visit = {
  readonly method: string;
  readonly path: string;
  /** What stood where the route says `:name`; undecoded, since every name of ours is plain ASCII. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The fields of a POST; empty otherwise. */
  readonly form: URLSearchParams;
  readonly cookies: ReadonlyMap<string, string>;
};

/** What the pages share. */
export type Shop = {
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
  readonly sessions: Sessions;
  readonly kiln: Kiln;
  readonly files: StaticFiles;
};

export type Handler = (visit: Visit, shop: Shop) => Reply;

/** First cookie of a name wins; names and values are taken as they are. */
export function parseCookies(header: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    if (!cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}
