/** A gzip stream that passes in pieces: what goes out is what came, and text can be put behind it at the end. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { constants, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createTails, endPlainly, endWith, type MemberEnd } from '../../../src/inject/splice/ending.ts';
import { GzipFollower } from '../../../src/inject/splice/gzip-follow.ts';
import { BitWriter, canonical, completeLengths, deflated, dynamicHead, member, recipe } from './streams.ts';

const REST = Buffer.from('>tracker()</script>'.repeat(50));
const START = Buffer.from('<img src="//x/px.gif"><script data-token="abc"');
const NOTHING = Buffer.alloc(0);
const tails = createTails(REST);
/** A trailer, and a byte that the stream shares with what may follow. */
const MAX_HELD = 9;

/** Pieces of these sizes, again and again. */
function cut(body: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < body.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(body.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

type Followed = {
  readonly out: Buffer;
  readonly end: MemberEnd | null;
  readonly textBytes: number;
  readonly state: GzipFollower['state'];
};

function follow(pieces: readonly Buffer[]): Followed {
  const follower = new GzipFollower();
  const out: Buffer[] = [];
  for (const piece of pieces) {
    const came = Buffer.from(piece);
    out.push(Buffer.from(follower.write(came)));
    assert.deepEqual(came, piece, 'the origin’s bytes were changed');
  }
  const { state, textBytes } = follower;
  return { out: Buffer.concat(out), end: follower.end(), textBytes, state };
}

/** As strict as a decoder can be: all of the body is one member or several. */
function inflated(body: Buffer): Buffer | null {
  try {
    const { buffer, engine } = gunzipSync(body, { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten === body.length ? buffer : null;
  } catch {
    return null;
  }
}

/** In how many bits the start of `body` differs from what went out. */
function changedBits(out: Buffer, body: Buffer): number {
  let bits = 0;
  for (let at = 0; at < out.length; at++) {
    for (let other = out[at]! ^ body[at]!; other !== 0; other &= other - 1) bits++;
  }
  return bits;
}

function assertFollowed(body: Buffer, text: Buffer, pieces: readonly Buffer[]): void {
  const { out, end, textBytes } = follow(pieces);
  assert.notEqual(end, null, 'no end');
  assert.equal(textBytes, text.length);
  assert.ok(out.length >= body.length - MAX_HELD && out.length < body.length);
  assert.equal(changedBits(out, body), 1);
  for (const tail of [tails.withRest(START), tails.alone(START), tails.withRest(NOTHING)]) {
    const behind = tail.textBytes === 0 ? NOTHING : REST;
    const whole = inflated(Buffer.concat([out, endWith(end!, tail)]));
    assert.deepEqual(whole, Buffer.concat([text, tail.start, behind]));
  }
  assert.deepEqual(inflated(Buffer.concat([out, endPlainly(end!)])), text);
}

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 2000 })), {
  minLength: 1,
  maxLength: 20,
});

test('whatever zlib writes, in whatever pieces it comes, takes text behind it', async () => {
  await fc.assert(
    fc.asyncProperty(recipe, sizes, async (made, pieceSizes) => {
      const text = Buffer.concat(made.pieces);
      const body = member(await deflated(made), text);
      assertFollowed(body, text, cut(body, pieceSizes));
    }),
    { numRuns: 300 },
  );
});

const PAGE = `<!doctype html><body>${Array.from({ length: 400 }, (_, at) => `<p id=${(at * at) % 977}>t</p>`).join('')}`;
const KINDS = {
  'dynamic blocks': {},
  'many small dynamic blocks': { memLevel: 1 },
  'stored blocks': { level: 0 },
  'fixed blocks': { strategy: constants.Z_FIXED },
  'literals alone': { strategy: constants.Z_HUFFMAN_ONLY },
  'runs alone': { strategy: constants.Z_RLE },
};

describe('one cut, anywhere in the last 300 bytes or the first', () => {
  for (const [name, options] of Object.entries(KINDS)) {
    test(name, () => {
      const body = gzipSync(PAGE, options);
      const text = Buffer.from(PAGE);
      for (let at = 1; at < body.length; at++) {
        if (at > 300 && at < body.length - 300) continue;
        assertFollowed(body, text, [body.subarray(0, at), body.subarray(at)]);
      }
      assertFollowed(body, text, cut(body, [1]));
    });
  }
});

test('what was said long before, said again: symbols of up to 48 bits, cut anywhere', () => {
  const said = createHash('shake256', { outputLength: 12_000 }).update('noise').digest('hex');
  const again = Array.from({ length: 300 }, (_, at) =>
    said.slice((at * 7919) % 20_000).slice(0, 20 + (at % 230)),
  );
  const text = Buffer.from(said + again.join(''));
  for (const options of [{}, { strategy: constants.Z_FIXED }]) {
    const body = gzipSync(text, options);
    for (const size of [1, 2, 3, 5]) assertFollowed(body, text, cut(body, [size]));
  }
});

test('blocks made by hand, of codes of any shape up to 15 bits, byte by byte', () => {
  const splits = fc.array(fc.nat(), { minLength: 1, maxLength: 255 });
  fc.assert(
    fc.property(splits, fc.array(fc.nat(), { maxLength: 300 }), (shape, picks) => {
      const leaves = completeLengths(shape);
      const count = leaves.length - 1;
      // Literals, and the end of the block.
      const lengths = Array.from({ length: 257 }, (_, symbol) => (symbol < count ? leaves[symbol]! : 0));
      lengths[256] = leaves[count]!;
      const writer = new BitWriter();
      dynamicHead(writer, lengths, [0]);
      const codes = canonical(lengths);
      const text = Buffer.from(picks.map((pick) => pick % count));
      for (const symbol of text) writer.code(codes[symbol]!);
      writer.code(codes[256]!);
      const body = member(writer.bytes(), text);
      assert.deepEqual(inflated(body), text);
      assertFollowed(body, text, cut(body, [1]));
    }),
    { numRuns: 60 },
  );
});

test('headers with optional fields, cut anywhere', () => {
  const text = Buffer.from('<p>text</p>');
  const fields = { extra: Buffer.alloc(300, 1), name: 'é', comment: 'made by hand', crc: true };
  for (const header of [fields, { name: '' }, { extra: NOTHING }, { crc: true }]) {
    const body = member(deflateRawSync(text), text, header);
    for (let at = 1; at < body.length; at++)
      assertFollowed(body, text, [body.subarray(0, at), body.subarray(at)]);
    assertFollowed(body, text, cut(body, [1]));
  }
});

test('what was flushed has gone out when it came, and can be read', () => {
  for (const flush of [constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH, constants.Z_PARTIAL_FLUSH]) {
    for (const options of Object.values(KINDS)) {
      const flushed = gzipSync(PAGE, { ...options, finishFlush: flush });
      for (const pieceSizes of [[flushed.length], [1], [7, 100]]) {
        const { out, end } = follow(cut(flushed, pieceSizes));
        assert.equal(end, null);
        assert.deepEqual(out, flushed);
      }
    }
  }
});

test('a stream that is cut goes out as it came, but for the one bit', () => {
  for (const options of Object.values(KINDS)) {
    const body = gzipSync(PAGE.slice(0, 2500), options);
    for (let bytes = 0; bytes < body.length; bytes++) {
      const { out, end, state } = follow(cut(body.subarray(0, bytes), [50]));
      assert.notEqual(state, 'broken');
      const all = end === null ? out : Buffer.concat([out, endPlainly(end)]);
      assert.equal(inflated(all), null, `${bytes} bytes look whole`);
      const sent = end === null ? bytes : out.length;
      assert.equal(out.length, sent);
      assert.ok(changedBits(out, body) <= 1);
    }
  }
});

/** What stands behind the stream is no part of it: flipped bits may be its end, early. */
function readAsStream(body: Buffer): Buffer | null {
  try {
    return gunzipSync(body);
  } catch {
    return null;
  }
}

/** What is to go out where the text's judge says no, as it does of whatever zlib does not read to its end. */
function withoutText(pieces: readonly Buffer[]): Buffer | 'broken' {
  const { out, end, state } = follow(pieces);
  if (state === 'broken') return 'broken';
  return end === null ? out : Buffer.concat([out, endPlainly(end)]);
}

test('flipped bits: what goes out is read as what came, or does not look whole', async () => {
  const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
  let [read, broken, passed] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(recipe, flips, sizes, async (made, bits, pieceSizes) => {
      const body = member(await deflated(made), Buffer.concat(made.pieces));
      for (const bit of bits.map((flip) => flip % (body.length * 8))) body[bit >> 3]! ^= 1 << (bit & 7);
      const { textBytes, end } = follow(cut(body, pieceSizes));
      const before = readAsStream(body);
      const after = withoutText(cut(body, pieceSizes));
      if (after === 'broken') {
        broken++;
        assert.equal(before, null);
      } else if (before === null) {
        assert.equal(inflated(after), null);
        passed++;
      } else {
        assert.deepEqual(inflated(after), before);
        if (end !== null) assert.equal(textBytes, before.length);
        read++;
      }
    }),
    { numRuns: 600 },
  );
  assert.ok(read > 0 && broken > 0 && passed > 0, `${read} ${broken} ${passed}`);
});

test('what is no gzip passes as it came', () => {
  for (const body of [
    Buffer.from(PAGE),
    Buffer.from([0x1f]),
    Buffer.from([0x1f, 0x8b, 8, 0xe0, ...Buffer.alloc(20)]),
  ]) {
    for (const pieceSizes of [[1], [body.length]]) assert.deepEqual(withoutText(cut(body, pieceSizes)), body);
  }
});

describe('several members', () => {
  const texts = ['<p>one', '', 'two</p>'.repeat(300), 'three'];
  const body = Buffer.concat(texts.map((text) => gzipSync(text)));
  const text = Buffer.from(texts.join(''));

  test('are one text, with more behind the last', () => {
    for (let at = 1; at < body.length; at++) {
      const { out, end, textBytes } = follow([body.subarray(0, at), body.subarray(at)]);
      assert.equal(textBytes, text.length);
      const whole = Buffer.concat([out, endWith(end!, tails.withRest(START))]);
      assert.deepEqual(inflated(whole), Buffer.concat([text, START, REST]), `cut at ${at}`);
    }
  });

  test('with rubbish behind them, which is no part of the page', () => {
    for (const rubbish of [Buffer.alloc(5), Buffer.from('\x1frubbish'), Buffer.from([0x1f, 0x8b])]) {
      const { out, end } = follow(cut(Buffer.concat([body, rubbish]), [3]));
      assert.deepEqual(inflated(Buffer.concat([out, endPlainly(end!)])), text);
    }
  });
});

test('from where it was given up everything passes, and every end is right', () => {
  const first = gzipSync(PAGE, { memLevel: 1 });
  const body = Buffer.concat([first, gzipSync('<p>more</p>')]);
  const text = Buffer.from(`${PAGE}<p>more</p>`);
  for (let at = 0; at <= body.length; at++) {
    const follower = new GzipFollower();
    const out = [follower.write(body.subarray(0, at)), follower.giveUp(), follower.write(body.subarray(at))];
    assert.equal(follower.end(), null, `given up at ${at}`);
    assert.deepEqual(inflated(Buffer.concat(out)), text, `given up at ${at}`);
    if (at < first.length / 2) assert.deepEqual(Buffer.concat(out), body);
  }
});
