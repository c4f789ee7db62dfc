import type { Codec } from './codec.ts';
import { GzipReader } from './gzip-reader.ts';
import { StreamReader } from './stream-reader.ts';
import type { TextHandlers, TextReader } from './text-reader.ts';

/** Gzip has a reader of its own, which loses no text to a wrong checksum. */
export function openReader(codec: Codec, handlers: TextHandlers): TextReader {
  return codec.coding === 'gzip' ? new GzipReader(handlers) : new StreamReader(codec, handlers);
}
