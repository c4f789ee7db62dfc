/**
 * A compressed page edited as it passes: decoded, its text edited, encoded again, each piece flushed so that the
 * browser can show it at once. What waits is bounded by the reader and the high-water mark of the encoder.
 *
 * Damage in, damage out. What was decoded before the damage goes out, as a browser would have shown it without
 * us. If only the end of the stream is missing or its checksum is wrong, ours ends without an end of its own, so
 * that whoever checks still sees it; if the data itself is broken, the client's connection is cut. A stream of
 * more than MAX_TEXT goes on without the snippet: what has gone out cannot become the origin's bytes again.
 */
import { giveBack } from '../lib/give-back.ts';
import type { Codec } from './codec.ts';
import { MAX_TEXT } from './recode-whole.ts';
import type { TextEnd } from './text-reader.ts';
import { openReader } from './text-readers.ts';

export type RecodeHandlers = {
  /** Takes decoded text, returns what may go out now. */
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

export function createRecoder(codec: Codec, handlers: RecodeHandlers): Recoder {
  const encoder = codec.createEncoder();
  const reader = openReader(codec, { text: onText, drained: () => handlers.drained(), ended: onTextEnd });
  let textBytes = 0;

  function onText(text: Buffer): boolean {
    textBytes += text.length;
    if (textBytes > MAX_TEXT) return passOn(text);
    const edited = handlers.edit(text);
    return edited.length === 0 || encoder.write(edited);
  }

  /** A bomb, most likely: nobody but the encoder looks at its text any more. */
  function passOn(text: Buffer): boolean {
    const held = handlers.giveUp();
    if (held.length > 0) encoder.write(held);
    return encoder.write(text, (error) => {
      if (!error) giveBack(text);
    });
  }

  function onTextEnd(end: TextEnd): void {
    if (end === 'broken') onBroken();
    else if (end === 'whole') encoder.end(handlers.finish());
    // What the encoder has flushed by then goes out, and no end of a stream behind it.
    else encoder.write(handlers.giveUp(), () => encoder.push(null));
  }

  function onBroken(): void {
    reader.destroy();
    encoder.destroy();
    handlers.broken();
  }

  encoder.on('drain', () => reader.resume());
  encoder.on('data', (chunk: Buffer) => {
    if (!handlers.out(chunk)) encoder.pause();
  });
  encoder.on('end', () => handlers.ended());
  encoder.on('error', onBroken);

  return {
    write: (chunk) => reader.write(chunk),
    end: () => reader.end(),
    resume: () => void encoder.resume(),
    destroy() {
      reader.destroy();
      encoder.destroy();
    },
  };
}
