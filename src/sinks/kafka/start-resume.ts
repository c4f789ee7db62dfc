/** Finds out at the start what the topic holds already of what comes, and tells where that cannot be known. */
import type { SinkLog } from '../health.ts';
import type { SinkState } from '../sink.ts';
import { type KafkaSinkOptions, variable } from './options.ts';
import type { ReadSince } from './read-back.ts';
import { createResume, type Resume } from './resume.ts';
import { MAX_PARTITIONS, readTopicEnds } from './topic-ends.ts';

export type StartResume = (start: ResumeStart) => Promise<Resume>;

export type ResumeStart = {
  /** Of the last checkpoint. */
  readonly state: SinkState;
  /** How many records the journal holds behind it. */
  readonly waiting: number;
  /** Ends it early. */
  readonly stop: AbortSignal;
};

export type StartResumeDeps = {
  readonly readSince: ReadSince;
  readonly log: SinkLog;
  /** The most records that are ever under way at once. */
  readonly maxUnderWay: number;
};

const MAY_REPEAT =
  'not all is known of what the topic got since the last checkpoint: events that were under way then may come twice';
const WILL_REPEAT =
  'a checkpoint cannot hold where so many partitions end: events under way at a crash come twice';

export function createStartResume(options: KafkaSinkOptions, deps: StartResumeDeps): StartResume {
  const { log, maxUnderWay, readSince } = deps;
  const sink = options.name;

  return async ({ state, waiting, stop }) => {
    // Where nothing waits, nothing was under way.
    const since = waiting > 0 ? readTopicEnds(state) : null;
    const readBack = await readSince(since, stop);
    const { lacks, now } = readBack;
    if (lacks !== null) log.warn({ sink, detail: lacks }, MAY_REPEAT);
    const partitions = now?.offsets.length ?? 0;
    if (partitions > MAX_PARTITIONS) {
      const detail = `${variable(sink, 'TOPIC')} ${options.topic} has ${partitions} partitions, more than ${MAX_PARTITIONS}`;
      log.warn({ sink, detail }, WILL_REPEAT);
    }
    return createResume({ since, waiting, maxUnderWay }, readBack);
  };
}
