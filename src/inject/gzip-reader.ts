/**
 * A gzip stream inflated as it comes, so that none of its text is lost whatever is wrong with it. Node's own
 * Gunzip throws away text that it has inflated when it meets a wrong checksum or rubbish behind the stream;
 * so header and trailer are read here, and only what is between them is inflated.
 *
 * Input goes in by slices, the next one when the text of the last has been taken, and text that nobody takes stops the
 * inflater: so what a bomb costs is bounded.
 */
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { headerLength } from './gzip-header.ts';
import type { TextEnd, TextHandlers, TextReader } from './text-reader.ts';

/** Deflate makes at most 1032 bytes of one: no more than 4 MB come of a slice. */
const SLICE_BYTES = 4096;
const MAX_QUEUED_BYTES = 64 << 10;
/** As much waits as one piece. */
const TEXT_CHUNKS = { chunkSize: 32 << 10, highWaterMark: 32 << 10 } as const;
const TRAILER_BYTES = 8;

type State = 'header' | 'body' | 'trailer' | 'after' | 'over';

/** A class, because one is made for each page that is recoded as it passes. */
export class GzipReader implements TextReader {
  readonly #handlers: TextHandlers;
  #state: State = 'header';
  /** What has come and was not read yet. */
  #input: Buffer = Buffer.alloc(0);
  #inputEnded = false;
  #inflate: InflateRaw | null = null;
  /** The slice that is being inflated, or nothing at the end of the input. */
  #slice: Buffer | null = null;
  /** Bytes of this member's deflate stream that went in before it. */
  #sliceStart = 0;
  /** The text's taker asked for a pause. */
  #paused = false;
  /** The input's giver was asked for one. */
  #full = false;
  #crc = 0;
  #size = 0;
  #members = 0;

  constructor(handlers: TextHandlers) {
    this.#handlers = handlers;
  }

  /** False: no more until `drained`. */
  write(chunk: Buffer): boolean {
    if (this.#state === 'over') return true;
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    this.#pump();
    this.#full = this.#input.length > MAX_QUEUED_BYTES;
    return !this.#full;
  }

  end(): void {
    this.#inputEnded = true;
    this.#pump();
  }

  resume(): void {
    this.#paused = false;
    this.#inflate?.resume();
    this.#pump();
  }

  destroy(): void {
    this.#state = 'over';
    this.#input = Buffer.alloc(0);
    this.#inflate?.destroy();
  }

  #pump(): void {
    while (this.#slice === null && !this.#paused && this.#state !== 'over' && this.#step());
    if (!this.#full || this.#input.length > MAX_QUEUED_BYTES) return;
    this.#full = false;
    this.#handlers.drained();
  }

  /** False: nothing to do with what is here. */
  #step(): boolean {
    switch (this.#state) {
      case 'header':
        return this.#header();
      case 'body':
        return this.#body();
      case 'trailer':
        return this.#trailer();
      default:
        return this.#after();
    }
  }

  #take(bytes: number): Buffer {
    const taken = this.#input.subarray(0, bytes);
    this.#input = this.#input.subarray(bytes);
    return taken;
  }

  #header(): boolean {
    const length = headerLength(this.#input);
    if (length === 'more' && !this.#inputEnded) return false;
    if (typeof length === 'string') {
      // Behind a whole member this is rubbish, which browsers do not mind; before one it is no gzip at all.
      this.#finish(this.#members === 0 ? 'broken' : 'whole');
      return false;
    }
    this.#take(length);
    this.#state = 'body';
    this.#crc = 0;
    this.#size = 0;
    this.#openInflate();
    return true;
  }

  #openInflate(): void {
    const inflate = createInflateRaw(TEXT_CHUNKS);
    inflate.on('data', (text: Buffer) => {
      this.#crc = crc32(text, this.#crc);
      this.#size = (this.#size + text.length) >>> 0;
      if (this.#handlers.text(text)) return;
      this.#paused = true;
      inflate.pause();
    });
    inflate.on('end', () => {
      this.#endSlice();
      this.#state = 'trailer';
      this.#pump();
    });
    inflate.on('error', (error: NodeJS.ErrnoException) => {
      this.#finish(error.code === 'Z_BUF_ERROR' ? 'cut' : 'broken');
    });
    this.#inflate = inflate;
  }

  #body(): boolean {
    const inflate = this.#inflate!;
    if (this.#input.length === 0 && !this.#inputEnded) return false;
    this.#slice = this.#take(SLICE_BYTES);
    this.#sliceStart = inflate.bytesWritten;
    if (this.#slice.length === 0) inflate.end();
    else inflate.write(this.#slice, () => this.#onInflated());
    return false;
  }

  /** What it did not consume stands behind the end of the deflate stream: then 'end' follows, or has been. */
  #onInflated(): void {
    const inflate = this.#inflate!;
    if (this.#slice === null || inflate.bytesWritten - this.#sliceStart < this.#slice.length) return;
    this.#slice = null;
    this.#pump();
  }

  /** Takes back what stands behind the end of the deflate stream. */
  #endSlice(): void {
    const consumed = this.#inflate!.bytesWritten - this.#sliceStart;
    const rest = this.#slice?.subarray(consumed);
    this.#slice = null;
    if (rest !== undefined && rest.length > 0) this.#input = Buffer.concat([rest, this.#input]);
  }

  #trailer(): boolean {
    if (this.#input.length < TRAILER_BYTES) {
      if (this.#inputEnded) this.#finish('cut');
      return false;
    }
    const trailer = this.#take(TRAILER_BYTES);
    if (trailer.readUInt32LE(0) !== this.#crc || trailer.readUInt32LE(4) !== this.#size) {
      this.#finish('cut');
      return false;
    }
    this.#members++;
    this.#state = 'after';
    return true;
  }

  /** Another member may follow. */
  #after(): boolean {
    if (this.#input.length === 0) {
      if (this.#inputEnded) this.#finish('whole');
      return false;
    }
    this.#state = 'header';
    return true;
  }

  #finish(end: TextEnd): void {
    if (this.#state === 'over') return;
    this.destroy();
    this.#handlers.ended(end);
  }
}
