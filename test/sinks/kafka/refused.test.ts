/** Verdicts on the library's own errors, where one broker cannot produce what several do. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MultipleErrors, NetworkError, ResponseError } from '@platformatic/kafka';
import { refusedIn } from '../../../src/sinks/kafka/refused.ts';

const PRODUCE = 0;
const NOT_LEADER = 6;
const TOO_LARGE = 10;
const INVALID_RECORD = 87;

/** One broker's answer: an error code for each partition that it leads. */
function answer(codes: Record<number, number>) {
  const partitionResponses = Object.entries(codes).map(([index, errorCode]) => ({
    index: Number(index),
    errorCode,
  }));
  const errors = Object.fromEntries(Object.values(codes).map((code, n) => [`/${n}`, [code, null]]));
  return new ResponseError(PRODUCE, 9, errors as never, { responses: [{ partitionResponses }] });
}

const failed = (...perBroker: Error[]) => new MultipleErrors('Producing messages failed.', perBroker);
const tried = (...attempts: Error[]) =>
  new MultipleErrors(`produce failed ${attempts.length} times.`, attempts);
const lostConnection = () => new NetworkError('Connection closed');

it('names the partitions that refuse, of all brokers, and leaves out those that took their part', () => {
  const refused = refusedIn(failed(answer({ 0: 0, 1: TOO_LARGE }), answer({ 2: TOO_LARGE, 3: 0 })));
  assert.deepEqual(refused, { partitions: new Set([1, 2]), reason: 'too-large' });
});

it('hears what a broker said last, after attempts that failed', () => {
  const refused = refusedIn(failed(tried(lostConnection(), answer({ 4: INVALID_RECORD }))));
  assert.deepEqual(refused, { partitions: new Set([4]), reason: 'invalid-record' });
});

const OUTAGES: [what: string, error: Error][] = [
  ['a connection that was lost', failed(lostConnection())],
  ['one broker that refuses and one that is away', failed(answer({ 0: TOO_LARGE }), lostConnection())],
  ['a broker that is away after it refused', failed(tried(answer({ 0: TOO_LARGE }), lostConnection()))],
  ['a partition without a leader beside one that refuses', failed(answer({ 0: TOO_LARGE, 1: NOT_LEADER }))],
  ['an error from before anything was sent', lostConnection()],
  ['a fault of ours', new TypeError('undefined is not a function')],
];

for (const [what, error] of OUTAGES)
  it(`takes for an outage: ${what}`, () => assert.equal(refusedIn(error), null));
