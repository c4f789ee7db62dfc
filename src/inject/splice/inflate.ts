/**
 * A gzip body that is all here, inflated and followed to its end at once. Only what is quite ordinary: one member that
 * is right to its last byte. Whatever else comes is left to zlib.
 */
import { crc32 } from 'node:zlib';
import { headerLength } from '../gzip-header.ts';
import { deflateLoop } from '../loops/loops.ts';
import { DeflateFollower } from './deflate-follow.ts';
import { TRAILER_BYTES } from './ending.ts';
import type { SplicePlace } from './splice.ts';

/** `text` is only there until anything is inflated again, or followed. Null: a doubt, or more text than a megabyte. */
export type Inflated<End> = (End & { readonly text: Buffer }) | null;

/** From a deflate stream (RFC 1951); behind its end anything may stand. */
export function inflate(stream: Buffer): Inflated<SplicePlace> {
  const follower = new DeflateFollower({ keepsText: true });
  const { finalBit, endBit } = follower.write(stream);
  if (finalBit === null || endBit === null) return null;
  return { finalBit, endBit, text: deflateLoop.text.subarray(0, follower.textBytes) };
}

/** From a gzip body (RFC 1952). */
export function inflateGzip(body: Buffer): Inflated<{ readonly place: SplicePlace }> {
  const start = headerLength(body);
  const trailerAt = body.length - TRAILER_BYTES;
  if (typeof start !== 'number' || start >= trailerAt) return null;
  const inflated = inflate(body.subarray(start, trailerAt));
  if (inflated === null) return null;
  const { text, finalBit, endBit } = inflated;
  if (start + Math.ceil(endBit / 8) !== trailerAt) return null;
  if (body.readUInt32LE(trailerAt + 4) !== text.length || body.readUInt32LE(trailerAt) !== crc32(text))
    return null;
  const firstBit = start * 8;
  return { text, place: { finalBit: firstBit + finalBit, endBit: firstBit + endBit } };
}
