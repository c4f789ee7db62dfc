import type { RawHeaders } from '../http/raw-headers.ts';
import { GuardedText } from './guarded-text.ts';
import { GzipReader } from './gzip-reader.ts';
import type { Outcome } from './outcome.ts';
import type { Page } from './page.ts';
import { type PageBody, streamTrailers } from './page-body.ts';
import { MAX_TEXT } from './recode-whole.ts';
import { endPlainly, type MemberEnd } from './splice/ending.ts';
import { GzipFollower } from './splice/gzip-follow.ts';
import type { TextEnd } from './text-reader.ts';

/** Of what an inflater, its window and text, a walker and its tables hold, measured and rounded up. */
export const SPLICER_BYTES = 192 << 10;

/** How the judge of the text has ended: as its reader says, or since there was nothing left to judge. */
type Judged = TextEnd | 'stopped';

/**
 * A gzip page edited as it passes, without being compressed again. Its own bytes go out as they come; a walker clears
 * the mark of its last block on the way, and an inflater beside it, whose queue is bounded, feeds the proof of the
 * page's end. When that is known, what was held, a few bytes of the member's end, goes out with the snippet before it
 * or without.
 *
 * Damage in, damage out: a stream that is cut or bears a wrong checksum goes out as one. Where nothing was cleared
 * broken data passes as well; where something was, what follows could be read as something else, and the client's
 * connection is cut.
 */
export class SplicedBody implements PageBody {
  readonly #page: Page;
  readonly #text: GuardedText;
  readonly #follower = new GzipFollower();
  readonly #reader: GzipReader;
  #state: 'open' | 'over' = 'open';
  #judged: Judged | null = null;
  #textBytes = 0;
  #hasCome = false;
  #trailers: RawHeaders | null = null;
  /** Who asked for a pause: the client, and the reader whose queue is full. */
  #clientFull = false;
  #readerFull = false;
  /** What it took of the memory for recoders. */
  #taken = SPLICER_BYTES;

  /** SPLICER_BYTES were taken for it. */
  constructor(page: Page) {
    this.#page = page;
    this.#text = new GuardedText(page, 'spliced');
    this.#reader = new GzipReader({
      text: (text) => this.#judge(text),
      drained: () => this.#onReaderDrained(),
      ended: (end) => this.#onRead(end),
    });
  }

  get outcome(): Outcome {
    return this.#text.outcome;
  }

  data(chunk: Buffer): boolean {
    if (this.#state === 'over') return true;
    this.#hasCome = true;
    this.#send(this.#follower.write(chunk));
    if (this.#follower.state === 'broken') {
      this.#abort();
      return true;
    }
    if (this.#judged === null) this.#readerFull = !this.#read(chunk);
    if (this.#follower.state === 'passing') this.#stop('encoding');
    return !this.#clientFull && !this.#readerFull;
  }

  #read(chunk: Buffer): boolean {
    try {
      return this.#reader.write(chunk);
    } catch (error) {
      this.#page.fault(error);
      this.#stop('failed');
      return true;
    }
  }

  end(trailers: RawHeaders): void {
    this.#trailers = trailers;
    // Nothing at all is an empty page, and no damage.
    if (!this.#hasCome) this.#stop(null);
    if (this.#judged === null) this.#reader.end();
    this.#finish();
  }

  /** In the inflater's queue. */
  isHolding(): boolean {
    return this.#judged === null || this.#page.delivery.isHolding();
  }

  drained(): void {
    this.#clientFull = false;
    if (!this.#readerFull) this.#page.resume();
  }

  cancel(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#release();
  }

  #release(): void {
    this.#reader.destroy();
    this.#page.releaseRecoder(this.#taken);
    this.#taken = 0;
  }

  #send(bytes: Buffer): void {
    if (bytes.length > 0) this.#clientFull = !this.#page.delivery.data(bytes);
  }

  #onReaderDrained(): void {
    this.#readerFull = false;
    if (!this.#clientFull && this.#state === 'open') this.#page.resume();
  }

  /** Nobody waits for this text: it has gone out. */
  #judge(text: Buffer): boolean {
    if (this.#judged !== null) return true;
    this.#textBytes += text.length;
    if (this.#textBytes > MAX_TEXT) {
      this.#stop('encoding');
      return true;
    }
    this.#text.write(text);
    if (!this.#text.isLooking) this.#stop(null);
    return true;
  }

  #onRead(end: TextEnd): void {
    if (this.#state === 'over' || this.#judged !== null) return;
    this.#judged = end;
    if (end !== 'whole') {
      this.#text.giveUp('encoding');
      this.#send(this.#follower.giveUp());
    }
    if (end === 'broken' && this.#follower.state !== 'passing') this.#abort();
    this.#letGoOn();
    this.#finish();
  }

  /** There will be no snippet, whatever follows; null: for the reason that the text itself gives. */
  #stop(outcome: Outcome | null): void {
    if (this.#judged !== null) return;
    this.#judged = 'stopped';
    if (outcome === null) this.#text.endBehind();
    else this.#text.giveUp(outcome);
    this.#release();
    this.#send(this.#follower.giveUp());
    this.#letGoOn();
    this.#finish();
  }

  /** The reader needs nothing any more. */
  #letGoOn(): void {
    if (this.#readerFull) this.#onReaderDrained();
  }

  #finish(): void {
    if (this.#trailers === null || this.#judged === null || this.#state === 'over') return;
    const end = this.#follower.end();
    const ending = end === null ? null : this.#ending(end);
    if (ending === 'broken') {
      this.#abort();
      return;
    }
    this.cancel();
    if (ending !== null) this.#send(ending);
    this.#page.delivery.end(streamTrailers(this.#page, this.#trailers, this.outcome), this.outcome);
  }

  /** `broken`: the walker has read another stream than zlib, and may have cleared any bit. */
  #ending(end: MemberEnd): Buffer | 'broken' {
    if (this.#judged !== 'whole') return endPlainly(end);
    if (this.#follower.textBytes !== this.#textBytes) {
      this.#page.fault(new Error('a gzip stream was not followed rightly'));
      return 'broken';
    }
    if (!this.#text.endBehind()) return endPlainly(end);
    try {
      return this.#page.gzipEnding(end);
    } catch (error) {
      this.#page.fault(error);
      this.#text.giveUp('failed');
      return endPlainly(end);
    }
  }

  /** What has gone out cannot be taken back: it must not look whole. */
  #abort(): void {
    this.cancel();
    this.#text.giveUp('encoding');
    this.#page.delivery.abort('encoding');
  }
}
