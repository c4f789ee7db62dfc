/**
 * A gzip page edited as it passes: inflated, its text edited, deflated again, each piece flushed so that the
 * browser can show it at once. What waits is bounded by the reader and the high-water mark of the deflater.
 *
 * Damage in, damage out. What was inflated before the damage goes out, as a browser would have shown it
 * without us. If only the end of the stream is missing or its checksum is wrong, ours ends without a trailer,
 * so that whoever checks still sees it; if the data itself is broken, the client's connection is cut.
 */
import { constants, createGzip } from 'node:zlib';
import { type GzipEnd, GzipReader } from './gzip-reader.ts';
import { GZIP_LEVEL, MAX_TEXT } from './recode-whole.ts';

export type RecodeHandlers = {
  /** Takes inflated text, returns what may go out now. */
  edit(text: Buffer): Buffer;
  /** No snippet, since this cannot be edited to its end: returns what was held back. */
  giveUp(): Buffer;
  /** The text has ended: what is left of it, with the snippet or without. */
  finish(): Buffer;
  /** Recoded bytes; false: pause until `resume`. */
  out(chunk: Buffer): boolean;
  /** Takes the recoder's input again after `write` returned false. */
  drained(): void;
  ended(): void;
  /** The data was broken: nothing that follows could be right. */
  broken(): void;
};

export type Recoder = {
  /** False: pause until `drained`. */
  write(chunk: Buffer): boolean;
  end(): void;
  /** Goes on after `out` returned false. */
  resume(): void;
  /** Ends it without a word: the client or the origin has gone. */
  destroy(): void;
};

const TRAILER_BYTES = 8;

export function createRecoder(handlers: RecodeHandlers): Recoder {
  const gzip = createGzip({ level: GZIP_LEVEL, flush: constants.Z_SYNC_FLUSH });
  const reader = new GzipReader({ text: onText, drained: () => handlers.drained(), ended: onTextEnd });
  let textBytes = 0;
  let cutTrailer = false;
  let trailer: Buffer = Buffer.alloc(0);

  function onText(text: Buffer): boolean {
    textBytes += text.length;
    const edited = textBytes > MAX_TEXT ? Buffer.concat([handlers.giveUp(), text]) : handlers.edit(text);
    return edited.length === 0 || gzip.write(edited);
  }

  function onTextEnd(end: GzipEnd): void {
    if (end === 'broken') {
      gzip.destroy();
      handlers.broken();
      return;
    }
    cutTrailer = end === 'cut';
    gzip.end(cutTrailer ? handlers.giveUp() : handlers.finish());
  }

  function onRecoded(chunk: Buffer): void {
    const bytes = cutTrailer ? withoutTrailer(chunk) : chunk;
    if (bytes.length > 0 && !handlers.out(bytes)) gzip.pause();
  }

  /** The last bytes of all that comes stay here. */
  function withoutTrailer(chunk: Buffer): Buffer {
    const all = Buffer.concat([trailer, chunk]);
    const end = Math.max(0, all.length - TRAILER_BYTES);
    trailer = all.subarray(end);
    return all.subarray(0, end);
  }

  gzip.on('drain', () => reader.resume());
  gzip.on('data', onRecoded);
  gzip.on('end', () => handlers.ended());

  return {
    write: (chunk) => reader.write(chunk),
    end: () => reader.end(),
    resume: () => void gzip.resume(),
    destroy() {
      reader.destroy();
      gzip.destroy();
    },
  };
}
