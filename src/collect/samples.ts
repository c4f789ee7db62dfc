/**
 * TEST_MODE: the seed's five sample events, so that an owner sees events arrive in every sink before a visitor comes.
 * They go the way of all others (parse, consent, scrub, journal), and say that they are samples.
 */
import type { ClientEvent } from '../event/client-event.ts';
import type { AppendOutcome } from './append-outcome.ts';
import { type BatchDeps, buildBatch } from './batch.ts';
import type { DropReason } from './drop.ts';
import type { RecordDeps } from './record.ts';
import type { Sender, SenderDeps } from './sender.ts';

export type SamplesDeps = Pick<SenderDeps, 'privacy'> & {
  readonly tokens: Pick<SenderDeps['tokens'], 'ipTag'>;
} & BatchDeps &
  RecordDeps & {
    readonly clock: { now(): number };
    readonly uuidV4: () => string;
    readonly onDropped: (reason: DropReason, count: number) => void;
  };

/** How many of them are in the journal, or why none is. */
export type SamplesOutcome =
  | { readonly ok: true; readonly recorded: number }
  | Extract<AppendOutcome, { ok: false }>;

/** An address that belongs to nobody (RFC 5737). */
const NOBODY = '192.0.2.1';
const HOST = 'example.com';

export async function recordSamples(deps: SamplesDeps): Promise<SamplesOutcome> {
  const batch = buildBatch({ events: samples(deps.uuidV4), escapes: false }, sampleSender(deps), deps);
  for (const reason of batch.drops) deps.onDropped(reason, 1);
  if (batch.records.length > 0) {
    const outcome = await deps.append(batch.records);
    if (!outcome.ok) return outcome;
  }
  deps.onAccepted('none', batch.records.length);
  return { ok: true, recorded: batch.records.length };
}

function samples(uuidV4: () => string): ClientEvent[] {
  const session = { session_id: uuidV4(), visitor_id: uuidV4() };
  const page = (path: string) => ({
    route: { protocol: 'https:', domain: HOST, path, fullPath: path, title: 'A sample page' },
    session,
    props: { sample: true },
    consent: { analytics: 'granted', security: 'granted' } as const,
  });
  return [
    { type: 'pageview', ...page('/'), url: { referrer: 'https://search.example/' } },
    {
      type: 'click',
      ...page('/'),
      click: { tag: 'a', id: 'pricing', href: `${HOST}/pricing`, x: 0.5, y: 0.25 },
    },
    { type: 'conversion', ...page('/thanks'), props: { sample: true, plan: 'pro', value: 49 } },
    {
      type: 'pageview',
      ...page('/landing?utm_source=social&utm_medium=post&utm_campaign=sample&fbclid=sample'),
      url: { referrer: 'https://social.example/' },
    },
    { type: 'sample', ...page('/pricing') },
  ];
}

function sampleSender({ privacy, tokens, clock, uuidV7 }: SamplesDeps): Sender {
  const receivedAt = clock.now();
  return {
    receivedAt,
    receivedAtText: new Date(receivedAt).toISOString(),
    address: privacy.address(NOBODY, receivedAt),
    ipTag: tokens.ipTag(NOBODY),
    ua: 'GoTrack TEST_MODE',
    referer: undefined,
    scheme: 'https',
    host: HOST,
    target: '/',
    requestId: uuidV7(),
    http: { version: '1.1', host: HOST, method: 'POST' },
    consent: privacy.consentOf([]),
    cookie: null,
    documentId: null,
    auth: { scheme: 'none' },
    idSource: null,
    signedAt: null,
  };
}
