/**
 * Reads a deflate stream (RFC 1951), as it passes or where it is all here, to know its last block before that has gone
 * out, and its end; with its text, where that is wanted. Piece by piece: a header or a symbol that is not whole yet is
 * read again with the next piece. The loops over symbols are in WebAssembly (../loops/deflate.as.ts).
 *
 * Invariant: BFINAL of the last block is told in the very call that brings its byte, since whatever is read again
 * reaches beyond what is here. So nothing has to wait for what follows it.
 */
import { BIT, BUILD, DISTANCES, ENDED, LITERALS, TEXT } from '../loops/deflate-numbers.ts';
import { deflateLoop } from '../loops/loops.ts';

/** In bits from the start of the bytes that were given; null: not in these. */
export type Followed = {
  /** BFINAL of the last block. */
  readonly finalBit: number | null;
  /** Behind the last bit of the last block. */
  readonly endBit: number | null;
};

type State = 'final' | 'type' | 'stored' | 'symbols' | 'end' | 'wrong';

/** The codes of a block that goes on in the next piece, as what they are built of. */
type BlockCodes = {
  readonly build: number;
  readonly lengths: Buffer;
  readonly literals: number;
  readonly distances: number;
};

const STORED = 0;
const FIXED = 1;
const DYNAMIC = 2;
/** No symbol with all that belongs to it is longer: 15 bits, 5, 15 and 13. */
const MAX_SYMBOL_BITS = 48;
/** What looks wrong so close to the end of what is here may only be incomplete. */
const DOUBT_BITS = 64;
const NOTHING = Buffer.alloc(0);

/** A class, because one is made for each gzip page that streams, and it keeps its state between pieces. */
export class DeflateFollower {
  readonly #writes: 0 | 1;
  #state: State = 'final';
  /** The block that is being read is the last. */
  #isLast = false;
  /** Bytes from the first that is not read to its end: at most a header of a dynamic block, less than 600. */
  #unread: Buffer = NOTHING;
  /** Where it stands in the window, and where what is here ends. */
  #bit = 0;
  #endBit = 0;
  /** Of a stored block. */
  #storedBytes = 0;
  #codes: BlockCodes | null = null;
  #textBytes = 0;
  /** What this piece has brought, in bits from the start of the window. */
  #finalBit: number | null = null;

  /** `keepsText`: where the loop writes, and only until anybody calls it again. */
  constructor({ keepsText }: { keepsText: boolean }) {
    this.#writes = keepsText ? 1 : 0;
  }

  /** What all that was read inflates to. */
  get textBytes(): number {
    return this.#textBytes;
  }

  /** It is no deflate stream, or not one that can be followed; with `keepsText` or one with too much text. */
  get isWrong(): boolean {
    return this.#state === 'wrong';
  }

  /** For another stream; the text is counted from nothing. */
  restart(): void {
    this.#state = 'final';
    this.#unread = NOTHING;
    this.#bit = 0;
    this.#textBytes = 0;
    this.#codes = null;
  }

  /** Not to be called again once it is wrong, or the end was told. */
  write(bytes: Buffer): Followed {
    let finalBit: number | null = null;
    for (let from = 0; from < bytes.length && !this.isWrong; ) {
      const before = this.#unread.copy(deflateLoop.stream);
      const length = before + bytes.copy(deflateLoop.stream, before, from);
      const firstBit = (from - before) * 8;
      const ended = this.#readPiece(length);
      if (this.#finalBit !== null) finalBit = firstBit + this.#finalBit;
      if (ended) return { finalBit, endBit: firstBit + this.#bit };
      from += length - before;
      const read = this.#bit >> 3;
      this.#unread = Buffer.from(deflateLoop.stream.subarray(read, length));
      this.#bit &= 7;
    }
    return { finalBit, endBit: null };
  }

  /** What is in the window. True: the stream has ended. */
  #readPiece(length: number): boolean {
    this.#endBit = length * 8;
    this.#finalBit = null;
    this.#restoreCodes();
    while (this.#step());
    this.#keepCodes();
    return this.#state === 'end';
  }

  /** Others may have read their streams since. */
  #restoreCodes(): void {
    const { said, codeLengths, buildCodes } = deflateLoop;
    if (this.#state !== 'symbols' || this.#codes === null || said[BUILD] === this.#codes.build) return;
    const { lengths, literals, distances } = this.#codes;
    lengths.copy(codeLengths);
    buildCodes(literals, distances);
    this.#codes = { build: said[BUILD]!, lengths, literals, distances };
  }

  #keepCodes(): void {
    const { said, codeLengths } = deflateLoop;
    if (this.#state !== 'symbols' || this.#codes?.build === said[BUILD]) return;
    const lengths = Buffer.from(codeLengths);
    this.#codes = { build: said[BUILD]!, lengths, literals: said[LITERALS]!, distances: said[DISTANCES]! };
  }

  /** Up to 16 bits. */
  #take(count: number): number {
    const value = (deflateLoop.view.getInt32(this.#bit >> 3, true) >> (this.#bit & 7)) & ((1 << count) - 1);
    this.#bit += count;
    return value;
  }

  /** False: nothing more can be read of what is here. */
  #step(): boolean {
    switch (this.#state) {
      case 'final':
        return this.#readFinal();
      case 'type':
        return this.#readHead();
      case 'stored':
        return this.#skipStored();
      case 'symbols':
        return this.#readSymbols();
      default:
        return false;
    }
  }

  #readFinal(): boolean {
    if (this.#bit === this.#endBit) return false;
    const at = this.#bit;
    this.#isLast = this.#take(1) === 1;
    if (this.#isLast) this.#finalBit = at;
    this.#state = 'type';
    return true;
  }

  #readHead(): boolean {
    const at = this.#bit;
    // A look takes a word.
    if (at >= this.#endBit) return false;
    const next = this.#openBlock();
    const doubtful = next === 'wrong' ? DOUBT_BITS : 0;
    if (this.#bit > this.#endBit - doubtful) {
      this.#bit = at;
      return false;
    }
    this.#state = next;
    return true;
  }

  /** Behind BFINAL. */
  #openBlock(): 'stored' | 'symbols' | 'wrong' {
    const type = this.#take(2);
    if (type === STORED) return this.#openStored() ? 'stored' : 'wrong';
    if (type === FIXED) {
      deflateLoop.fixedCodes();
      return 'symbols';
    }
    if (type !== DYNAMIC) return 'wrong';
    const right = deflateLoop.dynamicCodes(this.#bit);
    this.#bit = deflateLoop.said[BIT]!;
    return right ? 'symbols' : 'wrong';
  }

  #openStored(): boolean {
    this.#bit = (this.#bit + 7) & ~7;
    // Not whole yet, and the look would reach too far.
    if (this.#bit + 32 > this.#endBit) {
      this.#bit += 32;
      return false;
    }
    this.#storedBytes = this.#take(16);
    return this.#take(16) === (this.#storedBytes ^ 0xffff);
  }

  #skipStored(): boolean {
    const bytes = Math.min(this.#storedBytes, (this.#endBit - this.#bit) >> 3);
    if (this.#writes === 1 && !deflateLoop.copyStored(this.#bit >> 3, bytes, this.#textBytes)) {
      this.#state = 'wrong';
      return false;
    }
    this.#storedBytes -= bytes;
    this.#textBytes += bytes;
    this.#bit += bytes * 8;
    if (this.#storedBytes > 0) return false;
    this.#endBlock();
    return true;
  }

  #endBlock(): void {
    this.#state = this.#isLast ? 'end' : 'final';
  }

  /** Without a look at where what is here ends, then close to it, symbol by symbol. */
  #readSymbols(): boolean {
    const { said, readSymbols } = deflateLoop;
    const sure = this.#endBit - MAX_SYMBOL_BITS;
    let right = readSymbols(this.#bit, sure, this.#textBytes, this.#writes) !== 0;
    for (;;) {
      this.#bit = said[BIT]!;
      this.#textBytes = said[TEXT]!;
      if (!right || said[ENDED] === 1) break;
      if (this.#bit >= this.#endBit) return false;
      right = readSymbols(this.#bit, this.#bit, this.#textBytes, this.#writes) !== 0;
      if (said[BIT]! > this.#endBit || (!right && this.#bit > sure)) return false;
    }
    if (!right) this.#state = 'wrong';
    else this.#endBlock();
    return right;
  }
}
