/**
 * Reads what came to the topic since a checkpoint, as a consumer of no group: it needs the permission Read on the
 * topic, and nothing else that a producer has not. What cannot be read is not waited for: those events come twice.
 *
 * Bounded: in messages (stretches.ts), a megabyte at a time, and in time. One thing it cannot see: a request of the
 * process before us that a broker has got and not yet written.
 */
import type { ClusterTopicMetadata, Consumer, RecordsBatch } from '@platformatic/kafka';
import type { Sleep } from '../../lib/backoff.ts';
import { drop, library, listen } from './client.ts';
import { consumerOptions } from './client-options.ts';
import { digestOf } from './digest.ts';
import { hasApiId } from './errors.ts';
import { type KafkaSinkOptions, type KafkaTimeouts, variable } from './options.ts';
import type { ProblemWords } from './problem-words.ts';
import { type Stretch, type Stretches, stretchesSince, type TopicBounds } from './stretches.ts';
import type { TopicEnds } from './topic-ends.ts';

export type ReadBack = {
  /** Where the topic ended when it was asked; null where that could not be learnt. */
  readonly now: TopicEnds | null;
  /** Digests of the messages between the checkpoint and there, as far as they were read. */
  readonly there: Set<string>;
  /** Why some may be missing there, for the operator; null where none is. */
  readonly lacks: string | null;
};

/** With null for `since` only the ends are asked for. Never rejects; `stop` ends it early. */
export type ReadSince = (since: TopicEnds | null, stop: AbortSignal) => Promise<ReadBack>;

export type ReadSinceDeps = {
  readonly sleep: Sleep;
  readonly timeouts: KafkaTimeouts;
  readonly words: ProblemWords;
};

/** As the protocol numbers them. */
const EARLIEST = -2n;
const LATEST = -1n;
const FETCH_BYTES = 1024 * 1024;
const FETCH_WAIT_MS = 200;
const AGAIN_AFTER_MS = 200;

/** What is known so far. */
type Findings = { -readonly [K in keyof ReadBack]: ReadBack[K] };

export function createReadSince(options: KafkaSinkOptions, deps: ReadSinceDeps): ReadSince {
  const { sleep, timeouts } = deps;

  /** A topic that was made just now has no leaders yet: tried again until the time is over. */
  const readUntil = async (stop: AbortSignal, since: TopicEnds | null, findings: Findings) => {
    const { Consumer } = await library();
    const consumer = new Consumer(consumerOptions(options, timeouts));
    listen(consumer);
    consumer.topics.track(options.topic);
    stop.addEventListener('abort', () => drop(consumer));
    while (!stop.aborted) {
      try {
        findings.lacks = shortfall(options, await readOnce(consumer, since, findings));
        return;
      } catch (error) {
        if (stop.aborted) return;
        findings.lacks = problemOf(options, error as Error, deps.words);
        if (isForbidden(error as Error)) return;
      }
      await sleep(AGAIN_AFTER_MS, stop);
    }
  };

  const readOnce = async (consumer: Consumer, since: TopicEnds | null, findings: Findings) => {
    const { topic } = options;
    const metadata = await consumer.metadata({ topics: [topic], forceUpdate: true });
    const described = metadata.topics.get(topic)!;
    const bounds = await boundsOf(consumer, topic);
    findings.now = { id: described.id, offsets: bounds.last };
    if (since === null || since.id !== described.id) return null;
    const stretches = stretchesSince(since, bounds);
    for (const round of stretches.rounds)
      await readRound(consumer, described, { round, into: findings.there });
    return stretches;
  };

  return async (since, stop) => {
    const findings: Findings = { now: null, there: new Set(), lacks: 'it takes too long' };
    const over = new AbortController();
    const either = AbortSignal.any([stop, over.signal]);
    try {
      await Promise.race([readUntil(either, since, findings), sleep(timeouts.answerMs, either)]);
      return { ...findings };
    } finally {
      over.abort();
    }
  };
}

async function boundsOf(consumer: Consumer, topic: string): Promise<TopicBounds> {
  const at = async (timestamp: bigint) => {
    const offsets = await consumer.listOffsets({ topics: [topic], timestamp });
    return offsets.get(topic)!.map(Number);
  };
  return { first: await at(EARLIEST), last: await at(LATEST) };
}

type Round = { readonly round: readonly Stretch[]; readonly into: Set<string> };

async function readRound(
  consumer: Consumer,
  topic: ClusterTopicMetadata,
  { round, into }: Round,
): Promise<void> {
  const byLeader = Map.groupBy(round, ({ partition }) => topic.partitions[partition]!.leader);
  for (const [node, stretches] of byLeader) {
    const ofPartition = new Map(stretches.map((stretch) => [stretch.partition, stretch]));
    while (ofPartition.size > 0) {
      const partitions = [...ofPartition.values()].map(requestOf);
      const { responses } = await consumer.fetch({
        node,
        topics: [{ topicId: topic.id, partitions }],
        minBytes: 1,
        maxBytes: FETCH_BYTES,
        maxWaitTime: FETCH_WAIT_MS,
      });
      for (const { partitionIndex, records } of responses.flatMap((response) => response.partitions)) {
        const stretch = ofPartition.get(partitionIndex);
        if (stretch === undefined) continue;
        for (const batch of records ?? []) takeBatch(batch, stretch, into);
        if (stretch.at >= stretch.end) ofPartition.delete(partitionIndex);
      }
    }
  }
}

/** A batch may begin before what was asked for: the part before is trimmed, or not of this stretch. */
function takeBatch(batch: RecordsBatch, stretch: Stretch, into: Set<string>): void {
  const first = Number(batch.firstOffset);
  for (const { offsetDelta, value } of batch.records)
    if (value !== null && first + offsetDelta >= stretch.at) into.add(digestOf(value));
  stretch.at = first + batch.lastOffsetDelta + 1;
}

function requestOf({ partition, at }: Stretch) {
  return {
    partition,
    fetchOffset: BigInt(at),
    partitionMaxBytes: FETCH_BYTES,
    // Whichever leader answers.
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
  };
}

function shortfall({ name, topic }: KafkaSinkOptions, stretches: Stretches | null): string | null {
  const called = `${variable(name, 'TOPIC')} ${topic}`;
  if (stretches?.isTrimmed) return `${called} was trimmed meanwhile`;
  if (stretches?.isTooMuch) return `${called} got ${stretches.messages} messages meanwhile`;
  return null;
}

function isForbidden(error: Error): boolean {
  return hasApiId(error, 'TOPIC_AUTHORIZATION_FAILED');
}

function problemOf({ name, topic }: KafkaSinkOptions, error: Error, words: ProblemWords): string {
  if (!isForbidden(error)) return words(error);
  return `this user may not read ${variable(name, 'TOPIC')} ${topic}: grant it Read`;
}
