/**
 * A checkpoint file: how far a sink has come, with a little state of its own. Two slots of one page each that are
 * written in turn, in place: a torn write harms one of them and the other, one step older, still holds. In place,
 * because a disk that the journal itself has filled has no room for a temporary file, and without a checkpoint
 * no segment could ever be removed to make some.
 *
 *   slot, 4096 bytes   crc32 u32 (of the rest) · length u32 · JSON of that length · zero bytes
 *
 * The file is created with its name synced; each save is one write and one fdatasync.
 */

import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { closeQuietly, errorCode, type Fs, readUpTo, writeAll } from '../lib/fs.ts';
import type { Position } from './segments.ts';

const SLOT_BYTES = 4096;
const TEXT_AT = 8;
/** The rest of a slot is for our own numbers. */
const MAX_STATE_BYTES = 3072;
/** An offset beyond this was never given out: the number itself must be damaged. */
const MAX_OFFSET = 2 ** 52;

export type Checkpoint = {
  readonly position: Position;
  /** What the sink wants to find again: any JSON value that fits the slot; null where it has nothing. */
  readonly state: unknown;
};

export type CheckpointReading =
  | { kind: 'checkpoint'; checkpoint: Checkpoint; generation: number }
  /** No file, or one that was never written to. */
  | { kind: 'none' }
  /** Bytes are there, and neither slot is valid. */
  | { kind: 'damaged' };

const SUFFIX = '.checkpoint';

/** `log.checkpoint`; characters that a file name should not have are percent-encoded. */
export function checkpointName(output: string): string {
  return encodeURIComponent(output) + SUFFIX;
}

export function isCheckpointName(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** Reads what a file holds, and sees to it that this is on the disk: a killed process may only have written it. */
export async function readCheckpoint(fsys: Fs, path: string): Promise<CheckpointReading> {
  let fd: number;
  try {
    fd = await fsys.open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'none' };
    throw error;
  }
  try {
    await fsys.fdatasync(fd);
    return pickSlot(await readUpTo(fsys, { fd, position: 0 }, 2 * SLOT_BYTES));
  } finally {
    await fsys.close(fd);
  }
}

function pickSlot(bytes: Buffer): CheckpointReading {
  const slots = [bytes.subarray(0, SLOT_BYTES), bytes.subarray(SLOT_BYTES)].map(decodeSlot);
  const valid = slots.filter((slot) => slot !== null).sort((a, b) => b.generation - a.generation)[0];
  if (valid !== undefined) return { kind: 'checkpoint', ...valid };
  return bytes.every((byte) => byte === 0) ? { kind: 'none' } : { kind: 'damaged' };
}

type Slot = { checkpoint: Checkpoint; generation: number };

function decodeSlot(slot: Buffer): Slot | null {
  if (slot.length < SLOT_BYTES || slot.readUInt32LE(0) !== crc32(slot.subarray(4))) return null;
  const length = slot.readUInt32LE(4);
  if (length === 0 || TEXT_AT + length > SLOT_BYTES) return null;
  const { generation, offset, count, state } = JSON.parse(slot.toString('utf8', TEXT_AT, TEXT_AT + length));
  if (!isCount(generation) || !isCount(offset) || !isCount(count) || offset > MAX_OFFSET) return null;
  return { generation, checkpoint: { position: { offset, count }, state: state ?? null } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Throws for a sink's state that is larger than `MAX_STATE_BYTES` as JSON, or no JSON at all. */
export function assertStateFits(state: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(state));
  if (bytes > MAX_STATE_BYTES)
    throw new RangeError(`a sink's state of ${bytes} bytes, at most ${MAX_STATE_BYTES} fit`);
}

function encodeSlot({ checkpoint, generation }: Slot): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  const { position, state } = checkpoint;
  const length = slot.write(JSON.stringify({ generation, ...position, state }), TEXT_AT);
  slot.writeUInt32LE(length, 4);
  slot.writeUInt32LE(crc32(slot.subarray(4)), 0);
  return slot;
}

export type CheckpointFile = {
  /** Resolves when it is on the disk; rejects otherwise, and the one before then still holds. One at a time. */
  save(checkpoint: Checkpoint): Promise<void>;
  close(): Promise<void>;
};

/** `generation`: of the checkpoint that the file holds now, 0 where it holds none. Creates nothing yet. */
export function createCheckpointFile(fsys: Fs, path: string, generation: number): CheckpointFile {
  let fd: number | null = null;
  let saved = generation;

  const open = async (): Promise<number> => {
    const opened = await openOrCreate(fsys, path);
    try {
      // Both slots get their blocks now, while there is room for them.
      const { size } = await fsys.fstat(opened);
      const missing = Buffer.alloc(Math.max(0, 2 * SLOT_BYTES - size));
      if (missing.length > 0) await writeAll(fsys, { fd: opened, position: size }, missing);
      await fsys.fdatasync(opened);
      await fsys.syncDir(dirname(path));
      return opened;
    } catch (error) {
      await closeQuietly(fsys, opened);
      throw error;
    }
  };

  return {
    async save(checkpoint) {
      // A failed save is tried again on the same slot: the other one is the last that is whole.
      const next = { checkpoint, generation: saved + 1 };
      const slot = encodeSlot(next);
      try {
        fd ??= await open();
        await writeAll(fsys, { fd, position: (next.generation % 2) * SLOT_BYTES }, slot);
        await fsys.fdatasync(fd);
      } catch (error) {
        if (fd !== null) await closeQuietly(fsys, fd);
        fd = null;
        throw error;
      }
      saved = next.generation;
    },
    async close() {
      const old = fd;
      fd = null;
      if (old !== null) await closeQuietly(fsys, old);
    },
  };
}

async function openOrCreate(fsys: Fs, path: string): Promise<number> {
  try {
    return await fsys.open(path, 'r+');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return fsys.open(path, 'wx+');
  }
}
