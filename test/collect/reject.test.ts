/** The closed union of reasons: each has one status. The compiler sees to it that none is missing here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RejectReason, statusOf } from '../../src/collect/reject.ts';

const STATUS: Readonly<Record<RejectReason, number>> = {
  'not-an-object': 400,
  'empty-event': 400,
  'bad-type': 400,
  'reserved-type': 400,
  'string-too-long': 400,
  'key-too-long': 400,
  'array-too-long': 400,
  'number-not-finite': 400,
  'props-too-large': 400,
  'results-too-large': 400,
  'user-id-email': 400,
  'bad-claim': 400,
  'not-utf8': 400,
  'too-deep': 400,
  'not-json': 400,
  'too-many-events': 400,
  'no-events': 400,
  unsigned: 401,
  'bare-not-accepted': 401,
  'bad-signature': 401,
  'bad-ingest-token': 401,
  'stale-token': 401,
  'stale-timestamp': 401,
  'address-changed': 401,
  'cross-site': 403,
  'wrong-method': 405,
  'body-too-slow': 408,
  'body-too-large': 413,
  'not-json-type': 415,
  'rate-limited': 429,
  'journal-full': 429,
  'bodies-busy': 503,
  'journal-busy': 503,
  'journal-unavailable': 503,
  draining: 503,
  fault: 503,
};

for (const [reason, status] of Object.entries(STATUS) as [RejectReason, number][]) {
  test(`${reason} is ${status}`, () => assert.equal(statusOf(reason), status));
}
