/** The head of a page that streams: its bytes are remembered, as they pass, until the head has ended. */
import { type PageHead, readHead } from './read-head.ts';

/**
 * `head`: it has ended within what has passed. `none`: it has, and no policy stands in it. `unknown`: it is longer
 * than anybody remembers.
 */
export type WatchedHead =
  | { readonly kind: 'head'; readonly head: PageHead }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** Longer heads are rare, and each page that streams may hold so much. */
export const MAX_HEAD_BYTES = 64 << 10;

const UNKNOWN: WatchedHead = { kind: 'unknown' };
const NONE: WatchedHead = { kind: 'none' };
const HEAD_ENDS = /<\/head|<body|<frameset/i;
const POLICY = /content-security-policy/i;
/** So much of a name may stand at the end of one piece, and its rest in the next. */
const OVERLAP = '<frameset'.length - 1;

/** A class, because one is made for each page that streams. */
export class HeadWatch {
  /** Somebody wants to know where the head is, policy or not. */
  readonly #always: boolean;
  #text = '';
  /** Something has come that ends most heads. */
  #mayHaveEnded = false;

  constructor({ always }: { always: boolean }) {
    this.#always = always;
  }

  /** What has passed, at most MAX_HEAD_BYTES of it; Latin-1. */
  get text(): string {
    return this.#text;
  }

  /** Null: the head goes on. Not to be called again after an answer. */
  write(bytes: Buffer): WatchedHead | null {
    const from = Math.max(0, this.#text.length - OVERLAP);
    this.#text += bytes.toString('latin1', 0, MAX_HEAD_BYTES - this.#text.length);
    this.#mayHaveEnded ||= HEAD_ENDS.test(this.#text.slice(from));
    const full = this.#text.length === MAX_HEAD_BYTES;
    if (!this.#mayHaveEnded && !full) return null;
    return this.#read(false) ?? (full ? UNKNOWN : null);
  }

  /** The page has ended. */
  end(): WatchedHead {
    return this.#read(true) ?? UNKNOWN;
  }

  #read(whole: boolean): WatchedHead | null {
    // A head that has not ended within what is remembered may still get a policy.
    if (!this.#always && !POLICY.test(this.#text) && (whole || this.#mayHaveEnded)) return NONE;
    const head = readHead(this.#text, whole);
    return head === null ? null : { kind: 'head', head };
  }
}
