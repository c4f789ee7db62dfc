/** Records as Kafka messages, and batches in pieces that a broker takes. */
import type { MessageToProduce } from '@platformatic/kafka';
import type { Refusal } from '../sink.ts';
import { readEventHead } from './event-head.ts';
import { partitionHash } from './partition.ts';

export type Outgoing = {
  /** Of the record in the batch. */
  readonly index: number;
  /** About what the message takes in a request, uncompressed. */
  readonly bytes: number;
  /** Its `partition` is the key's hash, which the library takes modulo the number of partitions. */
  readonly message: MessageToProduce & { readonly partition: number };
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
    const message = { topic, key: head.id, value, headers, partition: partitionHash(head.id) };
    outgoing.push({ index, bytes: value.length + AROUND_BYTES, message });
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
