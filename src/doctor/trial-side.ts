/**
 * The trial: an instance of the real program with this configuration on a free port of this machine, its journal
 * and its log in a folder of their own that goes away with it. What it says of a page is what visitors would get.
 */
import type { RawHeaders } from '../http/raw-headers.ts';
import { once } from './once.ts';
import type { PageAddress } from './page-address.ts';
import { PAGE_BYTES, pageHeaders } from './page-headers.ts';
import type { Answer, Probe } from './probe.ts';

export type Trial = {
  readonly port: number;
  /** Whether this event came out of the sink, within a few seconds. */
  delivered(eventId: string): Promise<boolean>;
  close(): Promise<void>;
};

export type TrialSide = {
  /** The page through the trial, as a browser asks for it. */
  page(): Promise<Answer>;
  /** A POST that the trial answers itself. */
  post(headers: RawHeaders, body: string): Promise<Answer>;
  delivered(eventId: string): Promise<boolean>;
  close(): Promise<void>;
};

export type TrialSettings = {
  /** TRUST_PROXY trusts somebody: the trial is told the page's scheme, as a proxy before us would. */
  readonly trusts: boolean;
  readonly userAgent: string;
};

const ANSWER_BYTES = 64 * 1024;

/** Asking rejects where the trial does not start. */
export function createTrialSide(
  settings: TrialSettings,
  page: PageAddress,
  { probe, start }: { probe: Probe; start(): Promise<Trial> },
): TrialSide {
  const started = once(start);
  let wasStarted = false;
  const place = async () => {
    wasStarted = true;
    const { port } = await started();
    return { protocol: 'http:' as const, hostname: '127.0.0.1', port };
  };
  const said = settings.trusts ? ['X-Forwarded-Proto', page.scheme] : [];
  return {
    page: once(async () => {
      const headers = [...pageHeaders({ host: page.host, userAgent: settings.userAgent }), ...said];
      return probe(await place(), { method: 'GET', path: page.target, headers, maxBytes: PAGE_BYTES });
    }),
    async post(headers, body) {
      const own = ['Host', page.host, 'User-Agent', settings.userAgent, 'Sec-Fetch-Site', 'same-origin'];
      const all = [...own, ...said, ...headers];
      return probe(await place(), {
        ...{ method: 'POST', path: page.target, headers: all, body, maxBytes: ANSWER_BYTES },
      });
    },
    delivered: async (eventId) => (await started()).delivered(eventId),
    async close() {
      // Whoever never looked at it has none to stop; a start that failed has nothing left either.
      if (wasStarted)
        await started().then(
          (trial) => trial.close(),
          () => {},
        );
    },
  };
}
