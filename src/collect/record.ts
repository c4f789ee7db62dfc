/**
 * Recording of what nobody signed: pixels and documents. Nobody waits for it and nobody repeats it, so what
 * cannot be recorded is dropped and counted. Before the journal is full they are the first to go, because
 * anyone can make a page or a pixel be served.
 */
import { type Envelope, toRecord } from '../event/envelope.ts';
import { type Append, rejectionOf } from './append-outcome.ts';
import type { DropReason } from './drop.ts';
import type { Rate } from './rate.ts';

export type RecordDeps = {
  readonly append: Append;
  /** How much of JOURNAL_MAX_BYTES is taken, 0 to 1. */
  readonly fill: () => number;
  readonly isDraining: () => boolean;
  readonly onAccepted: (scheme: 'none', count: number) => void;
  readonly onDropped: (reason: DropReason, count: number) => void;
  readonly onFault: (error: unknown) => void;
};

const MAX_FILL = 0.8;

/** Why nothing of this kind may be recorded for this address now, or null. Takes from the rate. */
export function refusalToRecord(
  ipKey: string,
  limit: { readonly rate: Rate; readonly reason: DropReason },
  deps: RecordDeps,
): DropReason | null {
  if (deps.isDraining()) return 'draining';
  if (deps.fill() > MAX_FILL) return 'journal-nearly-full';
  return limit.rate.take(ipKey) === 0 ? null : limit.reason;
}

/** Appends one event; true once it is synced. Never rejects. */
export async function record(envelope: Envelope, deps: RecordDeps): Promise<boolean> {
  try {
    const outcome = await deps.append([toRecord(envelope)]);
    if (outcome.ok) deps.onAccepted('none', 1);
    else deps.onDropped(rejectionOf(outcome.reason).reason, 1);
    return outcome.ok;
  } catch (error) {
    deps.onFault(error);
    deps.onDropped('fault', 1);
    return false;
  }
}
