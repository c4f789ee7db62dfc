/** Where collect's outcomes are counted: each reason once, where it is decided. */
import type { AuthScheme } from '../event/envelope.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { DropReason } from './drop.ts';
import type { RejectReason } from './reject.ts';

export type Counters = {
  onAccepted(scheme: AuthScheme, count: number): void;
  onDuplicates(count: number): void;
  onRejected(reason: RejectReason): void;
  onDropped(reason: DropReason, count: number): void;
  /** A fault of ours: the log says what it was, the client only that it may try again. */
  onFault(error: unknown): void;
};

export type CountersDeps = {
  readonly metrics: Pick<Metrics, 'accepted' | 'duplicates' | 'rejections' | 'drops' | 'faults'>;
  readonly log: { error(details: object, message: string): void };
};

export function createCounters({ metrics, log }: CountersDeps): Counters {
  // Looking a label up costs more than counting, and this is on the hot path.
  const accepted = {
    v1: metrics.accepted.labels('v1'),
    bare: metrics.accepted.labels('bare'),
    server: metrics.accepted.labels('server'),
    none: metrics.accepted.labels('none'),
  };
  return {
    onAccepted: (scheme, count) => accepted[scheme].inc(count),
    onDuplicates: (count) => metrics.duplicates.inc(count),
    onRejected: (reason) => metrics.rejections.labels(reason).inc(),
    onDropped: (reason, count) => metrics.drops.labels(reason).inc(count),
    onFault(error) {
      metrics.faults.labels('collect').inc();
      log.error({ err: error }, 'collect: a fault of ours');
    },
  };
}
