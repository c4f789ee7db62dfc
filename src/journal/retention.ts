/**
 * Removes segments that nobody needs, oldest first: those before the one being written that lie behind every
 * sink's durable checkpoint and are old enough (JOURNAL_KEEP_HOURS).
 */
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorText, type Fs } from '../lib/fs.ts';
import type { JournalLog } from './log.ts';
import type { SegmentList } from './segments.ts';

export type RetentionOptions = {
  /** After the last record of a segment was appended. */
  readonly keepMs: number;
};

export type RetentionDeps = {
  readonly fs: Fs;
  readonly segments: SegmentList;
  readonly clock: Clock;
  readonly log: JournalLog;
  /** The least offset that a durable checkpoint of today's outputs has. */
  readonly passedOffset: () => number;
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
    return options.keepMs === 0 || clock.now() - next.createdMs >= options.keepMs ? oldest : null;
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
