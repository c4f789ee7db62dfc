/**
 * Reads a deflate stream (RFC 1951) as it passes, without inflating it, to know its last block before that has gone
 * out, and its end. What the walker does to a stream that is all here, piece by piece: a header or a symbol that is not
 * whole yet is read again with the next piece.
 *
 * Invariant: BFINAL of the last block is told in the very call that brings its byte, since whatever is read again
 * reaches beyond what is here. So nothing has to wait for what follows it.
 */
import { type BitReader, GUARD_BYTES, readBits, takeBits } from './bit-reader.ts';
import { createBlockCodes, dynamicCodes, fixedCodes } from './block-codes.ts';
import { followSymbols, MAX_SYMBOL_BITS, type Run } from './follow-symbols.ts';

/** In bits from the start of the bytes that were given; null: not in these. */
export type Followed = {
  /** BFINAL of the last block. */
  readonly finalBit: number | null;
  /** Behind the last bit of the last block. */
  readonly endBit: number | null;
};

type State = 'final' | 'type' | 'stored' | 'symbols' | 'end' | 'wrong';

const STORED = 0;
const FIXED = 1;
const DYNAMIC = 2;
/** What looks wrong so close to the end of what is here may only be incomplete. */
const DOUBT_BITS = 64;
const NOTHING = Buffer.alloc(0);

/** A class, because one is made for each gzip page that streams, and it keeps its state between pieces. */
export class DeflateFollower {
  readonly #codes = createBlockCodes();
  #state: State = 'final';
  /** The block that is being read is the last. */
  #isLast = false;
  /** Bytes from the first that is not read to its end: at most a header of a dynamic block, less than 600. */
  #unread: Buffer = NOTHING;
  /** Bits of the first of them that were read. */
  #bit = 0;
  /** Of a stored block. */
  #storedBytes = 0;
  #textBytes = 0;
  /** What this call has found, in bits from the start of what it reads. */
  #finalBit: number | null = null;

  /** What all that was read inflates to. */
  get textBytes(): number {
    return this.#textBytes;
  }

  /** It is no deflate stream, or not one that can be followed. */
  get isWrong(): boolean {
    return this.#state === 'wrong';
  }

  /** For another stream; the text is counted from nothing. */
  restart(): void {
    this.#state = 'final';
    this.#unread = NOTHING;
    this.#bit = 0;
    this.#textBytes = 0;
  }

  /** Not to be called again once it is wrong, or the end was told. */
  write(bytes: Buffer): Followed {
    const before = this.#unread.length;
    const length = before + bytes.length;
    const window = Buffer.allocUnsafe(length + GUARD_BYTES).fill(0, length);
    this.#unread.copy(window);
    bytes.copy(window, before);
    const reader = readBits(window);
    reader.bit = this.#bit;
    this.#finalBit = null;
    while (this.#step(reader));
    const from = reader.bit >> 3;
    this.#unread = Buffer.from(window.subarray(from, length));
    this.#bit = reader.bit & 7;
    return {
      finalBit: this.#finalBit === null ? null : this.#finalBit - before * 8,
      endBit: this.#state === 'end' ? reader.bit - before * 8 : null,
    };
  }

  /** False: nothing more can be read of what is here. */
  #step(reader: BitReader): boolean {
    switch (this.#state) {
      case 'final':
        return this.#readFinal(reader);
      case 'type':
        return this.#readHead(reader);
      case 'stored':
        return this.#skipStored(reader);
      case 'symbols':
        return this.#readSymbols(reader);
      default:
        return false;
    }
  }

  #readFinal(reader: BitReader): boolean {
    if (reader.bit === reader.endBit) return false;
    const at = reader.bit;
    this.#isLast = takeBits(reader, 1) === 1;
    if (this.#isLast) this.#finalBit = at;
    this.#state = 'type';
    return true;
  }

  #readHead(reader: BitReader): boolean {
    const at = reader.bit;
    const next = this.#openBlock(reader);
    const doubtful = next === 'wrong' ? DOUBT_BITS : 0;
    if (reader.bit > reader.endBit - doubtful) {
      reader.bit = at;
      return false;
    }
    this.#state = next;
    return true;
  }

  /** Behind BFINAL. */
  #openBlock(reader: BitReader): 'stored' | 'symbols' | 'wrong' {
    const type = takeBits(reader, 2);
    if (type === STORED) return this.#openStored(reader) ? 'stored' : 'wrong';
    if (type === FIXED) {
      fixedCodes(this.#codes);
      return 'symbols';
    }
    return type === DYNAMIC && dynamicCodes(this.#codes, reader) ? 'symbols' : 'wrong';
  }

  #openStored(reader: BitReader): boolean {
    reader.bit = (reader.bit + 7) & ~7;
    this.#storedBytes = takeBits(reader, 16);
    return takeBits(reader, 16) === (this.#storedBytes ^ 0xffff);
  }

  #skipStored(reader: BitReader): boolean {
    const bytes = Math.min(this.#storedBytes, (reader.endBit - reader.bit) >> 3);
    this.#storedBytes -= bytes;
    this.#textBytes += bytes;
    reader.bit += bytes * 8;
    if (this.#storedBytes > 0) return false;
    this.#endBlock();
    return true;
  }

  #endBlock(): void {
    this.#state = this.#isLast ? 'end' : 'final';
  }

  /** Without a look at where what is here ends, then close to it, symbol by symbol. */
  #readSymbols(reader: BitReader): boolean {
    const run: Run = { reader, textBytes: this.#textBytes, ended: false };
    let right = followSymbols(this.#codes, run, reader.endBit - MAX_SYMBOL_BITS);
    while (right && !run.ended && reader.bit < reader.endBit) {
      const { bit, textBytes } = { bit: reader.bit, textBytes: run.textBytes };
      right = followSymbols(this.#codes, run, bit);
      if (reader.bit <= reader.endBit && (right || bit <= reader.endBit - MAX_SYMBOL_BITS)) continue;
      reader.bit = bit;
      this.#textBytes = textBytes;
      return false;
    }
    this.#textBytes = run.textBytes;
    if (!right) this.#state = 'wrong';
    else if (run.ended) this.#endBlock();
    return right && run.ended;
  }
}
