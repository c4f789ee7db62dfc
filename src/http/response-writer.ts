import type { RawHeaders } from './raw-headers.ts';

export type ResponseHead = {
  readonly status: number;
  readonly reason: string;
  /** End-to-end headers only; framing is the writer's. */
  readonly headers: RawHeaders;
};

/**
 * Where a response goes, a step at a time: `head` once, `data` any number of times, then `end` or `abort`.
 * The proxy calls it as the origin's bytes arrive; the last writer of the chain is the client's socket.
 */
export type ResponseWriter = {
  head(head: ResponseHead): void;
  /** False asks the caller to pause until the callback given to `onDrain` is called. */
  data(chunk: Buffer): boolean;
  /**
   * Whether bytes that came by `data` are still needed, here or further on. Asked after each `data` and after `end`:
   * the memory under a chunk that nobody needs is read into again.
   */
  isHolding(): boolean;
  /** `trailers` is flat like headers, empty where there are none. */
  end(trailers: RawHeaders): void;
  /** The origin was lost in mid-body: the client's connection is cut, so that nothing truncated looks whole. */
  abort(): void;
  /** Registers the one callback that resumes a paused caller. Called once, before `head`. */
  onDrain(resume: () => void): void;
};
