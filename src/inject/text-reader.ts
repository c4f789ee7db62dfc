/** A compressed stream read as it comes: input in, text out, with back-pressure both ways. */

/**
 * How it ended. `whole`; `cut`: all that came was text, but the end or its checksum is wrong or missing;
 * `broken`: data that is none of this coding, so that nothing behind it can be read.
 */
export type TextEnd = 'whole' | 'cut' | 'broken';

export type TextHandlers = {
  /** False: go on only after `resume`. */
  text(chunk: Buffer): boolean;
  /** There is room for more input again. */
  drained(): void;
  /** Once, after the last text. */
  ended(end: TextEnd): void;
};

export type TextReader = {
  /** False: no more until `drained`. */
  write(chunk: Buffer): boolean;
  end(): void;
  resume(): void;
  destroy(): void;
};
