import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createStdoutSink } from '../../src/sinks/stdout.ts';

it('writes whole lines, and acks when they are handed over', async () => {
  let text = '';
  const sink = createStdoutSink('log', (bytes, done) => {
    text += bytes;
    done();
  });
  assert.deepEqual(await sink.open(null), { ok: true });
  assert.deepEqual(await sink.write([Buffer.from('{"a":1}'), Buffer.from('{"b":2}')]), { kind: 'ack' });
  assert.equal(text, '{"a":1}\n{"b":2}\n');
  assert.deepEqual(await sink.write([Buffer.from('{\n}')]), {
    kind: 'refused',
    refusals: [{ index: 0, reason: 'line-feed' }],
  });
});

it('tries again while the pipe is closed', async () => {
  const sink = createStdoutSink('log', (_, done) => done(new Error('EPIPE')));
  assert.deepEqual(await sink.write([Buffer.from('{}')]), {
    kind: 'retry',
    detail: 'standard output: EPIPE',
  });
});
