/** The id and the type of an event, out of its record. */

export type EventHead = {
  /** The text of `event_id`. */
  readonly id: Buffer;
  readonly type: Buffer;
};

/** What an envelope begins with (schema `gotrack.event/1`: its first three keys are fixed). */
const ID = '{"event_id":"';
const TIMESTAMP = '","timestamp":"';
const TYPE = '","type":"';
/** Id, timestamp and the longest type with their keys take 167. */
const HEAD_BYTES = 192;

/**
 * Null for what is no event. Reads the first bytes only, where these are as we write them: three strings without
 * an escape, whose text is then their bytes. Anything else is parsed.
 */
export function readEventHead(record: Buffer): EventHead | null {
  const head = record.toString('latin1', 0, HEAD_BYTES);
  const idEnd = head.startsWith(ID) ? head.indexOf('"', ID.length) : -1;
  if (idEnd === -1 || !head.startsWith(TIMESTAMP, idEnd)) return parseEventHead(record);
  const timestampEnd = head.indexOf('"', idEnd + TIMESTAMP.length);
  if (timestampEnd === -1 || !head.startsWith(TYPE, timestampEnd)) return parseEventHead(record);
  const typeStart = timestampEnd + TYPE.length;
  const typeEnd = head.indexOf('"', typeStart);
  const backslash = head.indexOf('\\');
  if (typeEnd === -1 || (backslash !== -1 && backslash < typeEnd)) return parseEventHead(record);
  return { id: record.subarray(ID.length, idEnd), type: record.subarray(typeStart, typeEnd) };
}

function parseEventHead(record: Buffer): EventHead | null {
  try {
    const { event_id: id, type } = JSON.parse(record.toString()) as Record<string, unknown>;
    if (typeof id !== 'string' || typeof type !== 'string') return null;
    return { id: Buffer.from(id), type: Buffer.from(type) };
  } catch {
    // not JSON, or `null`, which has no keys: no event either way
    return null;
  }
}
