/** Rows in COPY's text format (PostgreSQL manual, COPY, "Text Format"). */
import type { EventRow } from './rows.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const BACKSLASH = 0x5c;

/** What has to be escaped, and by which letter behind a backslash; 0: nothing. */
const LETTERS = new Uint8Array(256);
LETTERS[BACKSLASH] = BACKSLASH;
LETTERS[TAB] = 't'.charCodeAt(0);
LETTERS[LINE_FEED] = 'n'.charCodeAt(0);
LETTERS[0x0d] = 'r'.charCodeAt(0);

/** `event_id`, `ts` and `payload`, a line a row. */
export function copyText(rows: readonly EventRow[]): Buffer {
  let most = 0;
  for (const row of rows) most += row.eventId.length + row.ts.length + 2 * row.record.length + 3;
  const text = Buffer.allocUnsafe(most);
  let at = 0;
  for (const { eventId, ts, record } of rows) {
    at += text.write(`${eventId}\t${ts}\t`, at, 'latin1');
    at = escapeInto(record, text, at);
    text[at] = LINE_FEED;
    at += 1;
  }
  return text.subarray(0, at);
}

/** Byte by byte: in UTF-8 none of these bytes is part of another character. */
function escapeInto(record: Buffer, into: Buffer, start: number): number {
  let at = start;
  for (let index = 0; index < record.length; index += 1) {
    const byte = record[index]!;
    const letter = LETTERS[byte]!;
    if (letter === 0) {
      into[at] = byte;
      at += 1;
    } else {
      into[at] = BACKSLASH;
      into[at + 1] = letter;
      at += 2;
    }
  }
  return at;
}
