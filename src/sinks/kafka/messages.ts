/** Records as Kafka messages, and batches in pieces that a broker takes. */
import type { MessageRecord } from '@platformatic/kafka';
import type { Refusal } from '../sink.ts';
import { readEventHead } from './event-head.ts';
import { partitionHash } from './partition.ts';

export type Outgoing = {
  /** Of the record in the batch. */
  readonly index: number;
  /** About what the message takes in a request, uncompressed. */
  readonly bytes: number;
  /** Modulo the number of partitions it is the partition. */
  readonly hash: number;
  readonly record: MessageRecord;
};

/** What goes to one partition. */
export type OutgoingPart = {
  readonly partition: number;
  readonly outgoing: readonly Outgoing[];
  readonly records: readonly MessageRecord[];
};

const EVENT_TYPE = Buffer.from('event_type');
const SCHEMA = Buffer.from('schema');
const V1 = Buffer.from('v1');
/** Key, headers and framing. */
const AROUND_BYTES = 120;

/** The records with what cannot be one left out and named. */
export function toMessages(
  records: readonly Buffer[],
  topic: string,
): { outgoing: Outgoing[]; refusals: Refusal[] } {
  const outgoing: Outgoing[] = [];
  const refusals: Refusal[] = [];
  for (const [index, value] of records.entries()) {
    const head = readEventHead(value);
    if (head === null) {
      refusals.push({ index, reason: 'not-an-event' });
      continue;
    }
    const headers = new Map([
      [EVENT_TYPE, head.type],
      [SCHEMA, V1],
    ]);
    const record = { topic, key: head.id, value, headers };
    outgoing.push({ index, bytes: value.length + AROUND_BYTES, hash: partitionHash(head.id), record });
  }
  return { outgoing, refusals };
}

/** In order, each of at most `maxBytes`; one that is larger by itself goes alone. */
export function cut(outgoing: readonly Outgoing[], maxBytes: number): Outgoing[][] {
  const pieces: Outgoing[][] = [];
  let room = 0;
  for (const one of outgoing) {
    if (pieces.length === 0 || one.bytes > room) {
      pieces.push([]);
      room = maxBytes;
    }
    pieces.at(-1)!.push(one);
    room -= one.bytes;
  }
  return pieces;
}

export function bytesOf(outgoing: readonly Outgoing[]): number {
  return outgoing.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** In order within each. */
export function groupByPartition(outgoing: readonly Outgoing[], partitions: number): OutgoingPart[] {
  const groups = Map.groupBy(outgoing, ({ hash }) => hash % partitions);
  return [...groups].map(([partition, group]) => {
    return { partition, outgoing: group, records: group.map(({ record }) => ({ ...record, partition })) };
  });
}
