/**
 * Rows in COPY's text format (PostgreSQL manual, COPY, "Text Format"). The bytes are handled as latin1 text: in UTF-8
 * none of those that must be escaped is part of another character, and searching text is four times as fast as a
 * loop over bytes.
 */
import type { EventRow } from './rows.ts';

/** Between the tokens of JSON only: inside of strings it has escapes of its own, of which COPY sees the backslash. */
const RAW_SPACE = /[\t\n\r]/;
const ESCAPES = [
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
] as const;

/** `event_id`, `ts` and `payload`, a line a row. */
export function copyText(rows: readonly EventRow[]): Buffer {
  let most = 0;
  for (const row of rows) most += row.eventId.length + row.ts.length + 2 * row.record.length + 3;
  const text = Buffer.allocUnsafe(most);
  let at = 0;
  for (const { eventId, ts, record } of rows) {
    at += text.write(`${eventId}\t${ts}\t${escaped(record)}\n`, at, 'latin1');
  }
  return text.subarray(0, at);
}

function escaped(record: Buffer): string {
  let json = record.toString('latin1');
  if (json.includes('\\')) json = json.replaceAll('\\', '\\\\');
  if (!RAW_SPACE.test(json)) return json;
  for (const [character, letter] of ESCAPES) json = json.replaceAll(character, letter);
  return json;
}
