/** Records as NDJSON: one event a line, so a record that would be two is refused. */
import type { Refusal } from './sink.ts';

const LINE_FEED = 0x0a;

/** Splits off, by index, the records that cannot be one line. */
export function refuseMultiline(records: readonly Buffer[]): {
  single: readonly Buffer[];
  refusals: Refusal[];
} {
  const refusals: Refusal[] = [];
  for (const [index, record] of records.entries()) {
    if (record.includes(LINE_FEED)) refusals.push({ index, reason: 'line-feed' });
  }
  if (refusals.length === 0) return { single: records, refusals };
  return { single: records.filter((record) => !record.includes(LINE_FEED)), refusals };
}

/** The records, each with its line feed, in one buffer. */
export function joinLines(records: readonly Buffer[]): Buffer {
  let length = records.length;
  for (const record of records) length += record.length;
  const lines = Buffer.allocUnsafe(length);
  let at = 0;
  for (const record of records) {
    lines.set(record, at);
    at += record.length;
    lines[at] = LINE_FEED;
    at += 1;
  }
  return lines;
}
