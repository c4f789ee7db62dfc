/**
 * A gzip stream (RFC 1952) that passes as it comes, so that text can still be put behind it: BFINAL of its last block
 * is cleared on its way, and what follows that block is held until it is known what is to follow. Of several members
 * each but the last gets its end back.
 *
 * Invariant: what has gone out is what came, but for the bits that were cleared and the ends that were given back; a
 * stream of which a bit was cleared ends in a block of ours, or is `broken` and must not look whole.
 */
import { headerLength } from '../gzip-header.ts';
import { DeflateFollower } from './deflate-follow.ts';
import { endPlainly, type MemberEnd, TRAILER_BYTES } from './ending.ts';

type State =
  /** At most MAX_HEADER_BYTES of one, which have gone out. */
  | { readonly kind: 'header'; readonly start: Buffer }
  | { readonly kind: 'blocks'; readonly cleared: boolean }
  | { readonly kind: 'trailer'; readonly end: MemberEnd }
  /** `start`: at most MAX_HEADER_BYTES of what may be another member. */
  | { readonly kind: 'after'; readonly end: MemberEnd; readonly start: Buffer }
  /** What follows is no part of the page. */
  | { readonly kind: 'rubbish'; readonly end: MemberEnd }
  | { readonly kind: 'passing' }
  | { readonly kind: 'broken' };

const NOTHING = Buffer.alloc(0);
const HEADER: State = { kind: 'header', start: NOTHING };
const PASSING: State = { kind: 'passing' };
const BROKEN: State = { kind: 'broken' };

/** A class, because one is made for each gzip page that streams. */
export class GzipFollower {
  readonly #blocks = new DeflateFollower({ keepsText: false });
  #state: State = HEADER;
  /** Of the members that have ended. */
  #textBytes = 0;
  #mayEdit = true;
  /** What may go out of the bytes that are being read. */
  #out: Buffer[] = [];

  /** What all that was read inflates to. */
  get textBytes(): number {
    return this.#textBytes + this.#blocks.textBytes;
  }

  /** `passing`: whatever comes goes out as it is. `broken`: nothing more can be right. */
  get state(): 'following' | 'passing' | 'broken' {
    const { kind } = this.#state;
    return kind === 'passing' || kind === 'broken' ? kind : 'following';
  }

  /** Returns what goes out; a part of it may be a view of these bytes. */
  write(bytes: Buffer): Buffer {
    for (let rest = bytes; rest.length > 0; ) rest = this.#read(rest);
    return this.#takeOut();
  }

  /** Nothing will be put behind it. Returns what was held and need not be any more. */
  giveUp(): Buffer {
    this.#mayEdit = false;
    const state = this.#state;
    if (state.kind === 'header' || (state.kind === 'blocks' && !state.cleared)) this.#state = PASSING;
    if (state.kind === 'after') this.#giveBack(state.end, state.start);
    return this.#takeOut();
  }

  /** The input has ended. Null: all that is to go out has. Else this is left; its trailer may be cut. */
  end(): MemberEnd | null {
    return 'end' in this.#state ? this.#state.end : null;
  }

  #takeOut(): Buffer {
    const out = this.#out;
    this.#out = [];
    return out.length === 1 ? out[0]! : Buffer.concat(out);
  }

  /** Returns what it has not read. */
  #read(bytes: Buffer): Buffer {
    const state = this.#state;
    switch (state.kind) {
      case 'header':
        return this.#readHeader(state.start, bytes);
      case 'blocks':
        return this.#readBlocks(state.cleared, bytes);
      case 'trailer':
        return this.#readTrailer(state.end, bytes);
      case 'after':
        return this.#readAfter(state.end, Buffer.concat([state.start, bytes]));
      case 'passing':
        this.#out.push(bytes);
        return NOTHING;
      default:
        return NOTHING;
    }
  }

  #readHeader(before: Buffer, bytes: Buffer): Buffer {
    const start = Buffer.concat([before, bytes]);
    const length = headerLength(start);
    if (typeof length === 'number') {
      const own = length - before.length;
      this.#out.push(bytes.subarray(0, own));
      this.#openBlocks();
      return bytes.subarray(own);
    }
    this.#out.push(bytes);
    this.#state = length === 'more' ? { kind: 'header', start } : PASSING;
    return NOTHING;
  }

  #openBlocks(): void {
    this.#textBytes += this.#blocks.textBytes;
    this.#blocks.restart();
    this.#state = { kind: 'blocks', cleared: false };
  }

  #readBlocks(wasCleared: boolean, bytes: Buffer): Buffer {
    const { finalBit, endBit } = this.#blocks.write(bytes);
    const cleared = wasCleared || finalBit !== null;
    if (this.#blocks.isWrong) {
      this.#state = wasCleared ? BROKEN : PASSING;
      // Should this very piece hold a last block that is wrong, nothing of it was cleared yet.
      return wasCleared ? NOTHING : bytes;
    }
    const passed = finalBit === null ? bytes : withoutBit(bytes, finalBit);
    if (endBit === null) {
      this.#out.push(passed);
      this.#state = { kind: 'blocks', cleared };
      return NOTHING;
    }
    const [whole, bits] = [endBit >> 3, endBit & 7];
    if (whole > 0) this.#out.push(passed.subarray(0, whole));
    const partial = bits === 0 ? 0 : passed[whole]! & ((1 << bits) - 1);
    this.#state = { kind: 'trailer', end: { bits, partial, trailer: NOTHING } };
    return bytes.subarray(Math.ceil(endBit / 8));
  }

  #readTrailer(end: MemberEnd, bytes: Buffer): Buffer {
    const missing = TRAILER_BYTES - end.trailer.length;
    const trailer = Buffer.concat([end.trailer, bytes.subarray(0, missing)]);
    const next = { ...end, trailer };
    if (trailer.length < TRAILER_BYTES) this.#state = { kind: 'trailer', end: next };
    else if (this.#mayEdit) this.#state = { kind: 'after', end: next, start: NOTHING };
    else this.#giveBack(next, NOTHING);
    return bytes.subarray(missing);
  }

  /** `start`: all that came behind the member. */
  #readAfter(end: MemberEnd, start: Buffer): Buffer {
    const length = headerLength(start);
    if (length === 'more') this.#state = { kind: 'after', end, start };
    else if (length === 'none') this.#state = { kind: 'rubbish', end };
    if (typeof length !== 'number') return NOTHING;
    this.#out.push(endPlainly(end), start.subarray(0, length));
    this.#openBlocks();
    return start.subarray(length);
  }

  /** The member ends as it would have; what follows passes. */
  #giveBack(end: MemberEnd, behind: Buffer): void {
    this.#out.push(endPlainly(end), behind);
    this.#state = PASSING;
  }
}

function withoutBit(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! &= ~(1 << (bit & 7));
  return copy;
}
