/** Deflate streams of all kinds: what zlib can write, and blocks made by hand that it never would. */
import { once } from 'node:events';
import { constants, crc32, createDeflateRaw } from 'node:zlib';
import fc from 'fast-check';

const { Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH } = constants;

export type Recipe = {
  readonly pieces: readonly Buffer[];
  /** Between the pieces. */
  readonly flush: number;
  readonly options: { level: number; strategy: number; memLevel: number; windowBits: number };
};

/** Text that repeats itself near and far, text that does not, and nothing. */
const piece: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc
    .array(fc.constantFrom('<p>', '</p>\n', 'text ', '<a href="/x">', 'ä', '0'), { maxLength: 800 })
    .map((words) => Buffer.from(words.join(''))),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 2000 }))
    .map(([text, times]) => Buffer.from(text.repeat(times))),
  fc.constant(Buffer.alloc(0)),
);

export const recipe: fc.Arbitrary<Recipe> = fc.record({
  pieces: fc.array(piece, { maxLength: 4 }),
  flush: fc.constantFrom(Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH),
  options: fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    strategy: fc.integer({ min: 0, max: 4 }), // default, filtered, Huffman only, RLE, fixed
    memLevel: fc.integer({ min: 1, max: 9 }),
    windowBits: fc.integer({ min: 9, max: 15 }),
  }),
});

export async function deflated({ pieces, flush, options }: Recipe): Promise<Buffer> {
  const deflate = createDeflateRaw(options);
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const bytes of pieces) {
    deflate.write(bytes);
    await new Promise<void>((resolve) => deflate.flush(flush, resolve));
  }
  deflate.end();
  await once(deflate, 'end');
  return Buffer.concat(chunks);
}

export type HeaderFields = { extra?: Buffer; name?: string; comment?: string; crc?: boolean };

/** A gzip member (RFC 1952 §2.3) with any of the header's optional fields. */
export function member(raw: Buffer, text: Buffer, { extra, name, comment, crc }: HeaderFields = {}): Buffer {
  const flags =
    (crc ? 2 : 0) |
    (extra === undefined ? 0 : 4) |
    (name === undefined ? 0 : 8) |
    (comment === undefined ? 0 : 16);
  const header = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3]),
    extra === undefined ? Buffer.alloc(0) : Buffer.concat([uint16(extra.length), extra]),
    Buffer.from([name, comment].map((field) => (field === undefined ? '' : `${field}\0`)).join(''), 'latin1'),
  ]);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(text), 0);
  trailer.writeUInt32LE(text.length, 4);
  return Buffer.concat([header, crc ? uint16(crc32(header) & 0xffff) : Buffer.alloc(0), raw, trailer]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** Writes bits as deflate packs them: numbers from their lowest bit, Huffman codes from their highest. */
export class BitWriter {
  readonly #bits: number[] = [];

  number(value: number, count: number): this {
    for (let i = 0; i < count; i++) this.#bits.push((value >> i) & 1);
    return this;
  }

  code({ bits, length }: Code): this {
    for (let i = length - 1; i >= 0; i--) this.#bits.push((bits >> i) & 1);
    return this;
  }

  get length(): number {
    return this.#bits.length;
  }

  bytes(): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.#bits.length / 8));
    for (const [at, bit] of this.#bits.entries()) bytes[at >> 3]! |= bit << (at & 7);
    return bytes;
  }
}

export type Code = { bits: number; length: number };

/** RFC 1951 §3.2.2, as the RFC says it. */
export function canonical(lengths: readonly number[]): Code[] {
  const next: number[] = [];
  let code = 0;
  for (let length = 1; length <= 16; length++) {
    code = (code + lengths.filter((other) => other === length - 1 && other !== 0).length) << 1;
    next[length] = code;
  }
  return lengths.map((length) => ({ bits: length === 0 ? 0 : next[length]!++, length }));
}

/** The head of a dynamic block; every code length is written out, in a code of four bits each. */
export function dynamicHead(
  writer: BitWriter,
  literals: readonly number[],
  distances: readonly number[],
): void {
  writer.number(0b101, 3);
  writer
    .number(literals.length - 257, 5)
    .number(distances.length - 1, 5)
    .number(15, 4);
  for (const symbol of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15])
    writer.number(symbol < 16 ? 4 : 0, 3);
  for (const length of [...literals, ...distances]) writer.code({ bits: length, length: 4 });
}

/** Lengths of a complete code for so many symbols: leaves of a tree that is split at random. */
export function completeLengths(splits: readonly number[]): number[] {
  const lengths = [0];
  for (const split of splits) {
    const open = lengths.map((length, at) => (length < 15 ? at : -1)).filter((at) => at >= 0);
    const at = open[split % open.length]!;
    lengths[at]!++;
    lengths.push(lengths[at]!);
  }
  return lengths;
}
