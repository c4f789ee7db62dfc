/**
 * A brotli, zstd or deflate stream inflated as it comes. What waits is bounded whatever a stream becomes: Node's
 * decoders stop at a full output buffer, and their input waits here until they have taken it.
 */
import type { Codec, Decoder } from './codec.ts';
import type { TextEnd, TextHandlers, TextReader } from './text-reader.ts';

const MAX_QUEUED_BYTES = 64 << 10;
/** RFC 8878 §3.1.1 and §3.1.2: a frame's magic number, and that of a frame to be skipped but for its low digit. */
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPED_FRAME_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;

/** A class, because one is made for each page that is recoded as it passes. */
export class StreamReader implements TextReader {
  readonly #codec: Codec;
  readonly #handlers: TextHandlers;
  #decoder: Decoder;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** What the decoder is being given; empty: the end of the input. */
  #writing: Buffer | null = null;
  /** Bytes of this stream that the decoder consumed before it. */
  #writingStart = 0;
  #state: 'reading' | 'between-frames' | 'over' = 'reading';
  #inputEnded = false;
  /** The input's giver was asked for a pause. */
  #full = false;

  constructor(codec: Codec, handlers: TextHandlers) {
    this.#codec = codec;
    this.#handlers = handlers;
    this.#decoder = this.#open();
  }

  #open(): Decoder {
    const decoder = this.#codec.createDecoder();
    decoder.on('data', (text: Buffer) => {
      if (!this.#handlers.text(text)) decoder.pause();
    });
    decoder.on('end', () => this.#onStreamEnd());
    decoder.on('error', (error: NodeJS.ErrnoException) => {
      this.#finish(error.code === 'Z_BUF_ERROR' ? 'cut' : 'broken');
    });
    return decoder;
  }

  write(chunk: Buffer): boolean {
    if (this.#state === 'over') return true;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    this.#pump();
    this.#full = this.#queuedBytes > MAX_QUEUED_BYTES;
    return !this.#full;
  }

  end(): void {
    this.#inputEnded = true;
    this.#pump();
  }

  resume(): void {
    this.#decoder.resume();
  }

  destroy(): void {
    this.#state = 'over';
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#decoder.destroy();
  }

  #pump(): void {
    if (this.#state === 'between-frames') this.#openNextFrame();
    if (this.#state !== 'reading' || this.#writing !== null) return;
    const chunk = this.#queue.shift();
    if (chunk === undefined) {
      if (this.#inputEnded) this.#decoder.end();
      return;
    }
    this.#writing = chunk;
    this.#writingStart = this.#decoder.bytesWritten;
    this.#decoder.write(chunk, () => this.#onTaken());
  }

  /** What the decoder did not consume stands behind the end of the stream: then 'end' follows, or has been. */
  #onTaken(): void {
    if (this.#writing === null || this.#consumed() < this.#writing.length) return;
    this.#release(this.#writing.length);
    this.#writing = null;
    this.#pump();
  }

  #consumed(): number {
    return this.#decoder.bytesWritten - this.#writingStart;
  }

  #release(bytes: number): void {
    this.#queuedBytes -= bytes;
    if (!this.#full || this.#queuedBytes > MAX_QUEUED_BYTES) return;
    this.#full = false;
    this.#handlers.drained();
  }

  #onStreamEnd(): void {
    if (this.#state === 'over') return;
    const rest = this.#writing?.subarray(this.#consumed());
    this.#writing = null;
    if (rest !== undefined && rest.length > 0) this.#queue.unshift(rest);
    if (!this.#codec.repeats) {
      this.#finish('whole');
      return;
    }
    this.#state = 'between-frames';
    this.#pump();
  }

  /** What is no frame, behind a whole one, is rubbish, and no part of the page. */
  #openNextFrame(): void {
    const start = this.#queue.length > 1 ? Buffer.concat(this.#queue) : this.#queue[0];
    if (start === undefined || start.length < MAGIC_BYTES) {
      if (this.#inputEnded) this.#finish('whole');
      return;
    }
    if (!isFrame(start)) {
      this.#finish('whole');
      return;
    }
    this.#queue = [start];
    this.#queuedBytes = start.length;
    this.#state = 'reading';
    this.#decoder = this.#open();
  }

  #finish(end: TextEnd): void {
    if (this.#state === 'over') return;
    this.destroy();
    this.#handlers.ended(end);
  }
}

/** Whether a zstd frame begins so. */
export function isFrame(start: Buffer): boolean {
  if (start.length < MAGIC_BYTES) return false;
  const magic = start.readUInt32LE(0);
  return magic === FRAME_MAGIC || (magic & 0xfffffff0) >>> 0 === SKIPPED_FRAME_MAGIC;
}
