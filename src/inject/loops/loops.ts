/**
 * The loops that read each byte of a page, in WebAssembly: in JavaScript they cost three times as much. Written in
 * AssemblyScript (*.as.ts), compiled to loops.wasm by scripts/build-loops.ts before anything starts.
 *
 * All calls are over before anything else runs and nothing but tables is kept between two, so that one instance with one
 * memory, which never grows, serves all pages. What stands in it is only there until the next call.
 */
import { readFileSync } from 'node:fs';
import { FIELDS } from './deflate-numbers.ts';
import { MAX_COMMON, MAX_OPEN, OPEN_FIELDS, SAID_FIELDS } from './tag-numbers.ts';

/** Of a block's two codes. */
const CODE_LENGTHS = 320;

type Constant = { readonly value: number };
type Loops = {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly WINDOW_BYTES: Constant;
  readonly windowAt: Constant;
  readonly tagsSaidAt: Constant;
  readonly openAt: Constant;
  addTag(low: bigint, high: bigint, number: number, kind: number): void;
  readTags(
    from: number,
    to: number,
    room: number,
    below: number,
    formats: number,
    inParagraph: number,
  ): number;
  readonly STREAM_BYTES: Constant;
  readonly streamAt: Constant;
  readonly MAX_TEXT: Constant;
  readonly textAt: Constant;
  readonly codeLengthsAt: Constant;
  readonly deflateSaidAt: Constant;
  fixedCodes(): void;
  dynamicCodes(from: number): number;
  buildCodes(literals: number, distances: number): number;
  readSymbols(from: number, until: number, before: number, writes: number): number;
  copyStored(from: number, count: number, before: number): number;
};

/** What we use of it; only a browser's types would declare it. */
type Platform = {
  readonly WebAssembly: {
    readonly Module: new (bytes: Buffer) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
};

const { Module, Instance } = (globalThis as unknown as Platform).WebAssembly;
const module = new Module(readFileSync(new URL('loops.wasm', import.meta.url)));
const loops = new Instance(module).exports as Loops;

function bytesAt(place: Constant, length: number): Buffer {
  return Buffer.from(loops.memory.buffer, place.value, length);
}

/** Reads plain tags; the numbers that it takes and says are those of tag-numbers.ts. */
export const plainTagLoop = {
  /** Bytes of the page. */
  window: bytesAt(loops.windowAt, loops.WINDOW_BYTES.value),
  said: new Int32Array(loops.memory.buffer, loops.tagsSaidAt.value, SAID_FIELDS),
  open: new Int32Array(loops.memory.buffer, loops.openAt.value, (MAX_OPEN + 1) * OPEN_FIELDS),
  readTags: loops.readTags,
  /** `name` in lower case; a long one need not be known. */
  addTag(name: string, number: number, kind: number): void {
    if (name.length >= MAX_COMMON) return;
    const padded = Buffer.alloc(2 * BigUint64Array.BYTES_PER_ELEMENT);
    padded.write(name, 'latin1');
    loops.addTag(padded.readBigUInt64LE(0), padded.readBigUInt64LE(8), number, kind);
  },
};

const streamBytes = loops.STREAM_BYTES.value;

/** Reads deflate streams; the numbers that it says are those of deflate-numbers.ts. What it returns is 0 for no. */
export const deflateLoop = {
  /** Bytes of the stream. */
  stream: bytesAt(loops.streamAt, streamBytes),
  /** To look at bits: a word from its last byte on can be read. */
  view: new DataView(loops.memory.buffer, loops.streamAt.value, streamBytes + Uint32Array.BYTES_PER_ELEMENT),
  /** What the symbols stand for, where that is written. */
  text: bytesAt(loops.textAt, loops.MAX_TEXT.value),
  codeLengths: bytesAt(loops.codeLengthsAt, CODE_LENGTHS),
  said: new Int32Array(loops.memory.buffer, loops.deflateSaidAt.value, FIELDS),
  fixedCodes: loops.fixedCodes,
  dynamicCodes: loops.dynamicCodes,
  buildCodes: loops.buildCodes,
  readSymbols: loops.readSymbols,
  copyStored: loops.copyStored,
};
