/**
 * The codings that zlib knows, each as one object: what reads it, what writes it again, and what that costs.
 * Levels are fast ones: a page is recoded while its visitor waits (docs/decisions/recoding).
 */

import type { Transform } from 'node:stream';
import {
  type BrotliOptions,
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createDeflateRaw,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createZstdCompress,
  createZstdDecompress,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import type { Coding } from './encoding.ts';

/** A decoder of node:zlib; `bytesWritten` is how much of its input it has consumed. */
export type Decoder = Transform & { readonly bytesWritten: number };

export type Codec = {
  readonly coding: Coding;
  createDecoder(): Decoder;
  /** Each write is flushed: what went in can be read at once. */
  createEncoder(): Transform;
  /** At most so many bytes; throws what zlib throws. `consumed` bytes were the stream, the rest stands behind it. */
  decode(body: Buffer, maxBytes: number): { readonly text: Buffer; readonly consumed: number };
  encode(text: Buffer): Buffer;
  /** Throws where this is not how a stream of it begins; at most so much text is made of it. */
  probe(start: Buffer, maxBytes: number): void;
  /** Another stream may follow the first, and is the same page (RFC 1952 §2.2, RFC 8878 §3). */
  readonly repeats: boolean;
  /** What a decoder and an encoder hold while a page passes, measured and rounded up. */
  readonly memoryBytes: number;
};

/** 4 of 9: two thirds of the CPU of zlib's own 6 for 6 % more bytes (docs/decisions/where-the-tracker-goes). */
const DEFLATE = { level: 4 } as const;
/** Little waits in a stream: it is held by many at a time. */
const WAITING = { highWaterMark: 16 << 10 } as const;
const FLUSHED_DEFLATE = { ...DEFLATE, ...WAITING, memLevel: 7, flush: constants.Z_SYNC_FLUSH } as const;
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_OPERATION_FLUSH } = constants;
const BROTLI: BrotliOptions = { params: { [BROTLI_PARAM_QUALITY]: 2, [BROTLI_PARAM_LGWIN]: 18 } };
const ZSTD: ZstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** RFC 9659 §3: no client has to take a window of more than 8 MB, and none does. */
const ZSTD_WINDOW: ZstdOptions = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };
const CHUNKS = { chunkSize: 32 << 10, ...WAITING } as const;

/** More than the text, so that zlib does not ask for another piece to learn that it has ended. */
const SURPLUS_BYTES = 64;

/** Where the trailer says how long the text is (RFC 1952 §2.3.1), it is made in one piece, not in seven and joined. */
function decodeGzip(body: Buffer, maxBytes: number): ReturnType<Codec['decode']> {
  const said = body.length < 4 ? 0 : body.readUInt32LE(body.length - 4);
  const chunkSize = Math.min(said, maxBytes) + SURPLUS_BYTES;
  return withInfo(gunzipSync, { chunkSize })(body, maxBytes);
}

type Decode<Options> = (body: Buffer, options: Options) => Buffer;

/** With `info`, zlib says how much it has read; its types do not say so. */
function withInfo<Options extends object>(decode: Decode<Options>, options: Options): Codec['decode'] {
  return (body, maxOutputLength) => {
    const { buffer, engine } = decode(body, { ...options, maxOutputLength, info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return { text: buffer, consumed: engine.bytesWritten };
  };
}

function probeWith<Options extends object>(decode: Decode<Options>, options: Options): Codec['probe'] {
  return (start, maxOutputLength) => void decode(start, { ...options, maxOutputLength });
}

const SYNC: ZlibOptions = { finishFlush: constants.Z_SYNC_FLUSH };
const NO_OPTIONS: ZlibOptions = {};

export const GZIP: Codec = {
  coding: 'gzip',
  createDecoder: () => createGunzip(CHUNKS),
  createEncoder: () => createGzip(FLUSHED_DEFLATE),
  decode: decodeGzip,
  encode: (text) => gzipSync(text, DEFLATE),
  probe: probeWith(gunzipSync, SYNC),
  repeats: true,
  memoryBytes: 512 << 10,
};

const ZLIB: Codec = {
  coding: 'deflate',
  createDecoder: () => createInflate(CHUNKS),
  createEncoder: () => createDeflate(FLUSHED_DEFLATE),
  decode: withInfo(inflateSync, NO_OPTIONS),
  encode: (text) => deflateSync(text, DEFLATE),
  probe: probeWith(inflateSync, SYNC),
  repeats: false,
  memoryBytes: 512 << 10,
};

/** What some servers call deflate, and every browser takes for it. */
const RAW_DEFLATE: Codec = {
  coding: 'deflate',
  createDecoder: () => createInflateRaw(CHUNKS),
  createEncoder: () => createDeflateRaw(FLUSHED_DEFLATE),
  decode: withInfo(inflateRawSync, NO_OPTIONS),
  encode: (text) => deflateRawSync(text, DEFLATE),
  probe: probeWith(inflateRawSync, SYNC),
  repeats: false,
  memoryBytes: 512 << 10,
};

const BR: Codec = {
  coding: 'br',
  createDecoder: () => createBrotliDecompress(CHUNKS),
  createEncoder: () => createBrotliCompress({ ...BROTLI, ...WAITING, flush: BROTLI_OPERATION_FLUSH }),
  decode: withInfo(brotliDecompressSync, {}),
  encode: (text) => brotliCompressSync(text, BROTLI),
  probe: probeWith<BrotliOptions>(brotliDecompressSync, { finishFlush: BROTLI_OPERATION_FLUSH }),
  repeats: false,
  memoryBytes: 1 << 20,
};

const ZST: Codec = {
  coding: 'zstd',
  createDecoder: () => createZstdDecompress({ ...CHUNKS, ...ZSTD_WINDOW }),
  createEncoder: () => createZstdCompress({ ...ZSTD, ...WAITING, flush: constants.ZSTD_e_flush }),
  decode: withInfo(zstdDecompressSync, ZSTD_WINDOW),
  encode: (text) => zstdCompressSync(text, ZSTD),
  probe: probeWith<ZstdOptions>(zstdDecompressSync, { ...ZSTD_WINDOW, finishFlush: constants.ZSTD_e_flush }),
  repeats: true,
  memoryBytes: 1 << 20,
};

/** Enough to tell a coding from what only bears its name. */
const PROBE_BYTES = 1024;
const PROBE_TEXT_BYTES = 64 << 10;

/** The codec of a body that begins so; null: this is not that coding. Empty, it may become anything. */
export function codecOf(coding: Coding, start: Buffer): Codec | null {
  const codec = codecNamed(coding, start);
  try {
    if (start.length > 0) codec.probe(start.subarray(0, PROBE_BYTES), PROBE_TEXT_BYTES);
    return codec;
  } catch (error) {
    if (isTooLarge(error)) return codec;
    if (isRefusal(error)) return null;
    throw error;
  }
}

function codecNamed(coding: Coding, start: Buffer): Codec {
  switch (coding) {
    case 'gzip':
      return GZIP;
    case 'br':
      return BR;
    case 'zstd':
      return ZST;
    default:
      return beginsLikeZlib(start) ? ZLIB : RAW_DEFLATE;
  }
}

/** RFC 1950 §2.2: method 8, a window of at most 32 KB, and a header that is a multiple of 31. */
function beginsLikeZlib([first = 0, second = 0]: Buffer): boolean {
  return (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0;
}

/** More text than was allowed for. */
export function isTooLarge(error: unknown): boolean {
  return codeOf(error) === 'ERR_BUFFER_TOO_LARGE';
}

/** zlib, brotli or zstd say that the data is none of theirs, not that something went wrong with us. */
export function isRefusal(error: unknown): boolean {
  return /^(?:Z_|ZSTD_|ERR__ERROR_|ERR_BROTLI)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
