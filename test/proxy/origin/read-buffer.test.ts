import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createReadBuffer } from '../../../src/proxy/origin/read-buffer.ts';

/** Each read: whether everything had gone out before it, how much it brings, and whether that is held. */
const READS = fc.array(
  fc.record({ drained: fc.boolean(), share: fc.constantFrom(0.1, 0.5, 1), held: fc.boolean() }),
  { maxLength: 60 },
);

test('no bytes are read over others that somebody still holds', () => {
  fc.assert(
    fc.property(READS, (reads) => {
      const { onread, attach } = createReadBuffer();
      const held: { bytes: Buffer; mark: number }[] = [];
      let hold = false;
      attach({
        take: (bytes) => {
          if (hold) held.push({ bytes, mark: bytes[0]! });
        },
        isHolding: () => held.length > 0,
        isPaused: () => hold,
      });
      reads.forEach((read, index) => {
        if (read.drained) held.length = 0;
        hold = read.held;
        const buffer = onread.buffer();
        const length = Math.max(1, Math.floor(buffer.length * read.share));
        buffer.fill((index % 255) + 1, 0, length);
        for (const { bytes, mark } of held) assert.equal(bytes[0], mark);
        onread.callback(length, buffer);
      });
    }),
    { numRuns: 1000 },
  );
});

function buffersOf(isHolding: (asked: number) => boolean, isPaused = false): number {
  const { onread, attach } = createReadBuffer();
  let asked = 0;
  attach({ take: () => {}, isHolding: () => isHolding(asked++), isPaused: () => isPaused });
  const buffers = new Set<Buffer>();
  for (let read = 0; read < 100; read++) {
    const buffer = onread.buffer();
    buffers.add(buffer);
    onread.callback(buffer.length, buffer);
  }
  return buffers.size;
}

test('a client that takes everything at once is read for with one buffer', () => {
  assert.ok(buffersOf(() => false) <= 2);
});

test('a slow client, who has taken everything before each next read, is read for with two that take turns', () => {
  // asked after a read: still held; asked before the next one: gone
  assert.ok(buffersOf((asked) => asked % 2 === 0) <= 4);
});

test('nor is a new one made for each read of a client who is paused and goes on', () => {
  assert.ok(buffersOf((asked) => asked % 2 === 0, true) <= 4);
});

test('what waits for a client who takes nothing is one large buffer, not two', () => {
  const { onread, attach } = createReadBuffer();
  let holding = false;
  attach({ take: () => {}, isHolding: () => holding, isPaused: () => holding });
  const read = () => {
    const buffer = onread.buffer();
    onread.callback(buffer.length, buffer);
  };
  read(); // after the first full one they are large
  const large = onread.buffer().length;
  holding = true;
  read();
  assert.ok(onread.buffer().length <= large / 4);
});
