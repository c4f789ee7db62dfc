/**
 * The bytes of a segment file, written and read; nothing here touches a disk.
 *
 *   header, 48 bytes   magic `GoTrackJ` · crc32 u32 (of bytes 12 to 40) · version u32 · base u64 ·
 *                      count u64 · created u64 (epoch ms) · 8 zero bytes
 *   frame, 12 + n      mark F5 67 54 FF · length u32 (n ≥ 1) · crc32 u32 · the n bytes of one record
 *
 * All numbers are little-endian. `base` is the journal offset of the first frame, `count` the number of records
 * that were ever appended before it. A frame at offset o stands at byte 48 + o − base of its file.
 *
 * The mark is what resynchronisation looks for: F5 and FF stand in no UTF-8 text, so no event can imitate it.
 * The checksum starts from offset + length: a frame is valid only where it was written, whatever old blocks a
 * torn file brings back, and neither a zero-filled tail nor a changed length passes for a record.
 */
import { crc32 } from 'node:zlib';

export const FORMAT_VERSION = 1;
export const HEADER_BYTES = 48;
/** What a frame takes besides its record. */
export const FRAME_BYTES = 12;
/** Longer than any event can be (a request's body is bounded far below); a greater length is damage. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;
export const MARK: Buffer = Buffer.from([0xf5, 0x67, 0x54, 0xff]);

const MAGIC = Buffer.from('GoTrackJ', 'latin1');
const MARK_WORD = MARK.readUInt32LE(0);
const HEADER_CRC_AT = 8;
const VERSION_AT = 12;
const FIELDS_AT = 16;
const FIELDS_END = 40;
const NAME = /^(\d{20})\.seg$/;

export type SegmentHeader = {
  readonly base: number;
  readonly count: number;
  /** Epoch milliseconds. */
  readonly createdMs: number;
};

export type HeaderReading =
  | { kind: 'header'; header: SegmentHeader }
  /** Written by a version of the program that came after this one. */
  | { kind: 'newer'; version: number }
  | { kind: 'damaged' };

/** `00000000000000000000.seg`: in a listing by name, segments stand in their order. */
export function segmentName(base: number): string {
  return `${String(base).padStart(20, '0')}.seg`;
}

/** The base offset in a segment's name, or null for another file. */
export function baseOfName(name: string): number | null {
  const base = Number(NAME.exec(name)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(base) ? base : null;
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, VERSION_AT);
  bytes.writeBigUInt64LE(BigInt(header.base), FIELDS_AT);
  bytes.writeBigUInt64LE(BigInt(header.count), FIELDS_AT + 8);
  bytes.writeBigUInt64LE(BigInt(header.createdMs), FIELDS_AT + 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(VERSION_AT, FIELDS_END)), HEADER_CRC_AT);
  return bytes;
}

export function decodeHeader(bytes: Buffer): HeaderReading {
  if (bytes.length < HEADER_BYTES || bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) {
    return { kind: 'damaged' };
  }
  if (bytes.readUInt32LE(HEADER_CRC_AT) !== crc32(bytes.subarray(VERSION_AT, FIELDS_END)))
    return { kind: 'damaged' };
  const version = bytes.readUInt32LE(VERSION_AT);
  if (version > FORMAT_VERSION) return { kind: 'newer', version };
  const base = Number(bytes.readBigUInt64LE(FIELDS_AT));
  const count = Number(bytes.readBigUInt64LE(FIELDS_AT + 8));
  return {
    kind: 'header',
    header: { base, count, createdMs: Number(bytes.readBigUInt64LE(FIELDS_AT + 16)) },
  };
}

/** What records take in a segment. Throws for a record that no frame can hold. */
export function framedBytes(records: readonly Buffer[]): number {
  let bytes = 0;
  for (const { length } of records) {
    if (length < 1 || length > MAX_RECORD_BYTES) throw new RangeError(`a record of ${length} bytes`);
    bytes += FRAME_BYTES + length;
  }
  return bytes;
}

function checksum(record: Buffer, offset: number): number {
  return crc32(record, (offset + record.length) >>> 0);
}

/** A buffer in which one commit after another is laid out; the first frame's offset is given with `start`. */
export type Staging = {
  start(offset: number): void;
  add(record: Buffer): void;
  /** The frames since `start`, valid until the next one. */
  bytes(): Buffer;
};

/** `keepBytes` stay allocated for ever; a commit that is larger gets a buffer of its own and gives it back. */
export function createStaging(keepBytes: number): Staging {
  const kept = Buffer.allocUnsafeSlow(keepBytes);
  let into = kept;
  let offset = 0;
  let used = 0;
  const grow = (needed: number) => {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, into.length * 2));
    into.copy(larger, 0, 0, used);
    into = larger;
  };
  return {
    start(from) {
      into = kept;
      offset = from;
      used = 0;
    },
    add(record) {
      const end = used + FRAME_BYTES + record.length;
      if (end > into.length) grow(end);
      into.writeUInt32LE(MARK_WORD, used);
      into.writeUInt32LE(record.length, used + 4);
      into.writeUInt32LE(checksum(record, offset + used), used + 8);
      into.set(record, used + FRAME_BYTES);
      used = end;
    },
    bytes: () => into.subarray(0, used),
  };
}

/** Bytes of a segment, and the journal offset of the first of them. */
export type FrameWindow = { readonly bytes: Buffer; readonly offset: number };

export type ReadLimits = {
  readonly maxRecords: number;
  /** Of records, without their frames; one record is read whatever its size. */
  readonly maxBytes: number;
};

export type Frames = {
  /** Views of the window's bytes, in order. */
  readonly records: Buffer[];
  /** Of the records. */
  readonly bytes: number;
  /** The offset after the last of them. */
  readonly next: number;
  /** Why reading ended there; `short`: the next frame needs `needs` bytes and the window has fewer. */
  readonly stop: 'limit' | 'short' | 'damaged';
  readonly needs: number;
};

/** Reads whole, valid frames from the offset `from` on. A window that ends between two frames stops `short`. */
export function readFrames(window: FrameWindow, from: number, limits: ReadLimits): Frames {
  const { bytes: source, offset } = window;
  const records: Buffer[] = [];
  let bytes = 0;
  let at = from - offset;
  const stopped = (stop: Frames['stop'], needs = 0): Frames => ({
    records,
    bytes,
    next: offset + at,
    stop,
    needs,
  });
  while (records.length < limits.maxRecords) {
    if (at + FRAME_BYTES > source.length) return stopped('short', FRAME_BYTES);
    const length = source.readUInt32LE(at + 4);
    if (!isPlausible(source, at)) return stopped('damaged');
    const end = at + FRAME_BYTES + length;
    if (end > source.length) return stopped('short', end - at);
    if (records.length > 0 && bytes + length > limits.maxBytes) return stopped('limit');
    const record = source.subarray(at + FRAME_BYTES, end);
    if (source.readUInt32LE(at + 8) !== checksum(record, offset + at)) return stopped('damaged');
    records.push(record);
    bytes += length;
    at = end;
  }
  return stopped('limit');
}

function isPlausible(source: Buffer, at: number): boolean {
  const length = source.readUInt32LE(at + 4);
  return source.readUInt32LE(at) === MARK_WORD && length >= 1 && length <= MAX_RECORD_BYTES;
}
