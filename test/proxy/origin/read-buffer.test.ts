import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createReadBuffer } from '../../../src/proxy/origin/read-buffer.ts';

/** Each read: how many bytes, and what the client does with them. */
const READS = fc.array(
  fc.record({
    share: fc.constantFrom(0.1, 0.5, 1),
    fate: fc.constantFrom('taken', 'held', 'held and paused'),
  }),
  { maxLength: 60 },
);

test('no bytes are read over others that somebody still holds', () => {
  fc.assert(
    fc.property(READS, (reads) => {
      const { onread, attach } = createReadBuffer();
      const held: { bytes: Buffer; mark: number }[] = [];
      let fate: string = 'taken';
      attach({
        take: (bytes) => {
          if (fate === 'taken')
            held.length = 0; // a socket writes in order: what came before is out too
          else held.push({ bytes, mark: bytes[0]! });
          return fate !== 'held and paused';
        },
        isHolding: () => held.length > 0,
      });
      reads.forEach((read, index) => {
        if (fate === 'held and paused') held.length = 0; // reading goes on after a drain only
        fate = read.fate;
        const buffer = onread.buffer();
        const length = Math.max(1, Math.floor(buffer.length * read.share));
        buffer.fill((index % 255) + 1, 0, length);
        for (const { bytes, mark } of held) assert.equal(bytes[0], mark);
        onread.callback(length, buffer);
      });
    }),
    { numRuns: 500 },
  );
});

test('a client that takes everything at once is read for with one buffer', () => {
  const { onread, attach } = createReadBuffer();
  attach({ take: () => true, isHolding: () => false });
  const buffers = new Set<Buffer>();
  for (let read = 0; read < 100; read++) {
    const buffer = onread.buffer();
    buffers.add(buffer);
    onread.callback(buffer.length, buffer);
  }
  assert.ok(buffers.size <= 2, `${buffers.size} buffers`);
});

test('a slow client is read for with two buffers that take turns', () => {
  const { onread, attach } = createReadBuffer();
  attach({ take: () => false, isHolding: () => true });
  const buffers = new Set<Buffer>();
  for (let read = 0; read < 100; read++) {
    const buffer = onread.buffer();
    buffers.add(buffer);
    onread.callback(buffer.length, buffer);
  }
  assert.ok(buffers.size <= 4, `${buffers.size} buffers`);
});
