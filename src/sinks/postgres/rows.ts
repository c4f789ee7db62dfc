/** What of a record goes into columns of its own. The record itself is the payload, byte for byte. */
import { isUtf8 } from 'node:buffer';
import type { Refusal } from '../sink.ts';

export type EventRow = {
  /** A UUID in lower case. */
  readonly eventId: string;
  /** RFC 3339. */
  readonly ts: string;
  /** The same in epoch milliseconds. */
  readonly atMs: number;
  readonly record: Buffer;
};

/** An envelope begins with its id and its time (EVENTS: "Envelope"): no need to read the rest. */
const START = /^\{"event_id":"([^"\\]{36})","timestamp":"([^"\\]{20,35})"/;
const START_BYTES = 128;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const FIRST_MS = 0;

/** Splits off, by index, the records that no table of events can take. */
export function readRows(records: readonly Buffer[]): { rows: EventRow[]; refusals: Refusal[] } {
  const rows: EventRow[] = [];
  const refusals: Refusal[] = [];
  for (const [index, record] of records.entries()) {
    const row = readRow(record);
    if (typeof row === 'string') refusals.push({ index, reason: row });
    else rows.push(row);
  }
  return { rows, refusals };
}

/** The row, or why there is none. */
function readRow(record: Buffer): EventRow | string {
  if (!isUtf8(record)) return 'not-utf8';
  const start = START.exec(record.toString('latin1', 0, START_BYTES));
  const fields = start === null ? parsedFields(record) : { eventId: start[1]!, ts: start[2]! };
  if (fields === null) return 'not-json';
  const { eventId, ts } = fields;
  if (typeof eventId !== 'string' || !UUID.test(eventId)) return 'bad-event-id';
  const atMs = typeof ts === 'string' && TIME.test(ts) ? Date.parse(ts) : Number.NaN;
  if (!(atMs >= FIRST_MS)) return 'bad-timestamp';
  return { eventId, ts: ts as string, atMs, record };
}

function parsedFields(record: Buffer): { eventId: unknown; ts: unknown } | null {
  try {
    const { event_id: eventId, timestamp: ts } = JSON.parse(record.toString()) ?? {};
    return { eventId, ts };
  } catch {
    return null;
  }
}
