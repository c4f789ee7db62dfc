/**
 * Brings messages to a cluster. What was sent once is sent again, under the same numbers and to whoever leads its
 * partition by then, until each partition has an answer; only `reset` ends that.
 */
import type { Sleep } from '../../lib/backoff.ts';
import type { SinkLog } from '../health.ts';
import type { ReadyOutcome } from '../sink.ts';
import { brokerTimeoutMs } from './client-options.ts';
import { isUnknownTopic } from './errors.ts';
import { createLinks, type Link } from './link.ts';
import { groupByPartition, type Outgoing, type OutgoingPart } from './messages.ts';
import type { KafkaSinkOptions, KafkaTimeouts } from './options.ts';
import type { ProblemWords } from './problem-words.ts';
import { type PartResult, produce } from './produce.ts';

export type Refused = { readonly outgoing: readonly Outgoing[]; readonly reason: string };

export type SendOutcome =
  /** All is written but what is refused. `ends`: by partition, the offset behind what was written, where known. */
  | { kind: 'settled'; refused: readonly Refused[]; ends: ReadonlyMap<number, number> }
  /** Nothing was sent, or nobody will ever say what became of it. */
  | { kind: 'outage'; detail: string };

export type Sender = {
  connect(): Promise<ReadyOutcome>;
  /** One at a time. Takes as long as it takes once something has been sent. */
  send(outgoing: readonly Outgoing[]): Promise<SendOutcome>;
  probe(): Promise<ReadyOutcome>;
  /** Why the last attempt of what is under way failed, if one did. */
  problem(): string | null;
  /** Gives up what is under way; `send` connects anew. */
  reset(): void;
};

export type SenderDeps = {
  readonly log: SinkLog;
  readonly sleep: Sleep;
  readonly timeouts: KafkaTimeouts;
  readonly words: ProblemWords;
};

type Attempted = {
  readonly parts: readonly OutgoingPart[];
  /** By partition. */
  readonly results: ReadonlyMap<number, PartResult>;
};

/** What has come of a batch so far. */
type Settled = { readonly refused: Refused[]; readonly ends: Map<number, number> };

const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 5000;

/** The topic was made anew with fewer partitions: what was meant for those goes elsewhere. */
class TopicChanged extends Error {
  override name = 'TopicChanged';
}

export function createSender(options: KafkaSinkOptions, deps: SenderDeps): Sender {
  const { topic } = options;
  const { log, sleep, timeouts } = deps;
  let problem: string | null = null;
  let hasWritten = false;

  const words = (error: unknown) => deps.words(error as Error, !hasWritten);
  const links = createLinks(options, { log, timeouts, words });

  /** One attempt with what is open; which is null before the first. Rejects where nothing could be sent. */
  const attempt = async (
    link: Link,
    outgoing: readonly Outgoing[],
    open: readonly OutgoingPart[] | null,
  ): Promise<Attempted> => {
    const { client, identity } = link;
    const own = await identity.forRequest();
    const metadata = await client.metadata({ topics: [topic], forceUpdate: open !== null });
    const count = metadata.topics.get(topic)!.partitionsCount;
    const parts = open ?? groupByPartition(outgoing, count);
    if (parts.some(({ partition }) => partition >= count))
      throw new TopicChanged(`has ${count} partitions now`);
    const { acks, compression } = options;
    const request = { acks, compression, topic, metadata, parts, identity: own };
    const results = await produce(client, { ...request, brokerTimeoutMs: brokerTimeoutMs(timeouts) });
    return { parts, results };
  };

  /** Takes note of an attempt: what is written or refused joins `settled`, what has no answer is returned. */
  const take = (link: Link, { parts, results }: Attempted, settled: Settled): OutgoingPart[] => {
    const open: OutgoingPart[] = [];
    let isForgotten = false;
    for (const part of parts) {
      const { verdict, error, offset } = results.get(part.partition)!;
      if (verdict === 'written') {
        link.identity.advance(part.partition, part.records.length);
        if (offset >= 0) settled.ends.set(part.partition, offset + part.records.length);
      } else if (typeof verdict === 'object') {
        settled.refused.push({ outgoing: part.outgoing, reason: verdict.refused });
      } else {
        open.push(part);
        problem = words(error ?? new Error('no answer'));
        isForgotten ||= verdict === 'unknown-producer';
      }
    }
    if (isForgotten) link.identity.lose();
    return open;
  };

  const send = async (outgoing: readonly Outgoing[]): Promise<SendOutcome> => {
    const connected = await links.connect();
    if (!connected.ok) return { kind: 'outage', detail: connected.detail };
    const { link } = connected;
    const settled: Settled = { refused: [], ends: new Map() };
    let open: readonly OutgoingPart[] | null = null;
    for (let attempts = 1; open === null || open.length > 0; attempts += 1) {
      if (attempts > 1) await sleep(delayMs(attempts), link.dropped.signal);
      if (link.dropped.signal.aborted) return { kind: 'outage', detail: 'closed' };
      try {
        open = take(link, await attempt(link, outgoing, open), settled);
      } catch (error) {
        problem = words(error);
        const isOver = isUnknownTopic(error as Error) || error instanceof TopicChanged;
        if (open !== null && !isOver) continue;
        // Connecting looks after the topic first.
        if (!link.dropped.signal.aborted) links.reset();
        return { kind: 'outage', detail: problem };
      }
    }
    problem = null;
    hasWritten = true;
    return { kind: 'settled', ...settled };
  };

  return {
    connect: async () => {
      const outcome = await links.connect();
      return outcome.ok ? { ok: true } : outcome;
    },
    send,
    probe: links.probe,
    problem: () => problem,
    reset: () => {
      links.reset();
      problem = null;
    },
  };
}

/** Doubled each time; a leader is elected in seconds. */
function delayMs(attempts: number): number {
  return Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempts - 2, 10));
}
