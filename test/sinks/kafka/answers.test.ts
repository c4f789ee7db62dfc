import assert from 'node:assert/strict';
import { it } from 'node:test';
import { protocolErrors } from '@platformatic/kafka';
import { type Verdict, verdictOf } from '../../../src/sinks/kafka/answers.ts';

/** Every error that the protocol has and that says more than "not now". */
const TELLING: Record<string, Verdict> = {
  MESSAGE_TOO_LARGE: { refused: 'too-large' },
  RECORD_LIST_TOO_LARGE: { refused: 'too-large' },
  INVALID_RECORD: { refused: 'invalid-record' },
  DUPLICATE_SEQUENCE_NUMBER: 'written',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'unknown-producer',
  INVALID_PRODUCER_EPOCH: 'unknown-producer',
  UNKNOWN_PRODUCER_ID: 'unknown-producer',
  PRODUCER_FENCED: 'unknown-producer',
};

it('takes no error for written', () => {
  assert.equal(verdictOf(0), 'written');
});

it('gives a record up for what only the record can be to blame for, and takes all else for an outage', () => {
  for (const { id, code } of Object.values(protocolErrors))
    if (code !== 0) assert.deepEqual(verdictOf(code), TELLING[id] ?? 'open', id);
});
