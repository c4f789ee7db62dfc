/**
 * Removes segments that nobody needs, oldest first: those before the one being written that lie behind every
 * sink's durable checkpoint and are old enough (JOURNAL_KEEP_HOURS), or whose room is needed: what every sink has
 * is never a reason to refuse an event.
 */
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorText, type Fs } from '../lib/fs.ts';
import type { JournalLog } from './log.ts';
import type { SegmentList } from './segments.ts';

/** Below the 0.8 at which the proxy stops to record documents and pixels (protocol: rates). */
const ROOM_IS_SHORT = 0.75;

export type RetentionOptions = {
  /** How long a segment stays after its last record was appended, while there is room. */
  readonly keepMs: number;
};

export type RetentionDeps = {
  readonly fs: Fs;
  readonly segments: SegmentList;
  readonly clock: Clock;
  readonly log: JournalLog;
  /** The least offset that a durable checkpoint of today's outputs has. */
  readonly passedOffset: () => number;
  /** How much of the journal is used, 0 to 1. */
  readonly fill: () => number;
};

export type Retention = {
  /** Removes what may go now; resolves when it is gone. Cheap where nothing may. Never rejects. */
  sweep(): Promise<void>;
};

export function createRetention(options: RetentionOptions, deps: RetentionDeps): Retention {
  const { clock, fs, log, segments } = deps;

  const removable = () => {
    const [oldest, next] = segments.all;
    if (oldest === undefined || next === undefined) return null;
    if (oldest.end > deps.passedOffset()) return null;
    // The next one was begun when this one was closed.
    const isKept = clock.now() - next.createdMs < options.keepMs && deps.fill() < ROOM_IS_SHORT;
    return isKept ? null : oldest;
  };

  const removeAll = async () => {
    for (let segment = removable(); segment !== null; segment = removable()) {
      try {
        await fs.unlink(segment.path);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT')
          return log.warn({ segment: segment.path, error: errorText(error) }, 'segment not removed');
      }
      segments.remove(segment);
    }
  };

  let running: Promise<void> | null = null;
  return {
    sweep() {
      if (running === null) {
        running = removeAll().finally(() => {
          running = null;
        });
      }
      return running;
    },
  };
}
