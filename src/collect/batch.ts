/** The events of one body, from what a client sent to the records that go to the journal. */
import type { ConsentGrants } from '../event/consent-setting.ts';
import { type Envelope, toRecord } from '../event/envelope.ts';
import { type EventExclusions, isExcluded } from '../event/exclude.ts';
import type { DropReason } from './drop.ts';
import { parseEvent } from './parse-event.ts';
import type { Privacy } from './privacy.ts';
import type { EventRejection } from './reject.ts';
import type { OwnCookie, Sender } from './sender.ts';
import { type Enrich, toEnvelope } from './to-envelope.ts';

export type Batch = {
  readonly records: Buffer[];
  readonly rejected: EventRejection[];
  readonly drops: DropReason[];
  /** Events whose id another event of this body has already. */
  duplicates: number;
  /** Of the last event that has a session: what our cookie will say. */
  identity: OwnCookie | null;
};

export type BatchDeps = {
  readonly privacy: Privacy;
  readonly enrich: Enrich;
  readonly exclusions: EventExclusions;
  readonly uuidV7: () => string;
};

export type Events = { readonly events: readonly unknown[]; readonly escapes: boolean };

export function buildBatch({ events, escapes }: Events, sender: Sender, deps: BatchDeps): Batch {
  const { privacy } = deps;
  const batch: Batch = { records: [], rejected: [], drops: [], duplicates: 0, identity: null };
  const byServer = sender.auth?.scheme === 'server';
  const options = { scrub: privacy.scrub, escapes, userId: privacy.userId, byServer };
  const ids = new Set<string>();
  for (let index = 0; index < events.length; index++) {
    const parsed = parseEvent(events[index], options);
    if (!parsed.ok) {
      const { ok: _, ...refusal } = parsed;
      batch.rejected.push({ index, ...refusal });
      continue;
    }
    const consent = privacy.decideConsent(sender.consent, parsed.event.consent);
    const made = toEnvelope({ event: parsed.event, consent: consent.recorded, index }, sender, deps);
    const kept = keep(made, consent, deps);
    if (typeof kept === 'string') batch.drops.push(kept);
    else add(batch, kept, ids);
  }
  return batch;
}

/** The event as it may be stored, or why it is not. */
export function keep(
  envelope: Envelope,
  grants: ConsentGrants,
  deps: Pick<BatchDeps, 'privacy' | 'exclusions'>,
): Envelope | DropReason {
  if (isExcluded(deps.exclusions, envelope.type, envelope.url)) return 'excluded';
  return deps.privacy.withhold(envelope, grants) ?? 'no-consent';
}

/** Consumers keep one event of an id: the first. Counting the second as accepted would promise too much. */
function add(batch: Batch, envelope: Envelope, ids: Set<string>): void {
  if (ids.has(envelope.event_id)) {
    batch.duplicates++;
    return;
  }
  ids.add(envelope.event_id);
  batch.records.push(toRecord(envelope));
  const session = envelope.payload?.session;
  if (session?.session_id === undefined) return;
  batch.identity = { session: session.session_id, visitor: session.visitor_id ?? null };
}
