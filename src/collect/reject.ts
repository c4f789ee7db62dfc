/**
 * Every way in which collect says no, and its status (protocol: "Answers"). A reason is counted once, where
 * the answer is written or, of one event in a batch, where it is left out.
 */
import { assertNever } from '../lib/assert-never.ts';

/** Why one event of a body is refused (events: "What is accepted"). */
export type EventReason =
  | 'not-an-object'
  | 'empty-event'
  | 'bad-type'
  | 'reserved-type'
  | 'string-too-long'
  | 'key-too-long'
  | 'array-too-long'
  | 'number-not-finite'
  | 'props-too-large'
  | 'results-too-large'
  | 'user-id-email'
  | 'bad-claim';

/** Why a whole request is refused. */
export type RequestReason =
  | 'wrong-method'
  | 'cross-site'
  | 'not-json-type'
  | 'unsigned'
  | 'bare-not-accepted'
  | 'bad-signature'
  | 'bad-ingest-token'
  | 'stale-token'
  | 'stale-timestamp'
  | 'address-changed'
  | 'rate-limited'
  | 'body-too-large'
  | 'body-too-slow'
  | 'bodies-busy'
  | 'not-utf8'
  | 'too-deep'
  | 'not-json'
  | 'too-many-events'
  | 'no-events'
  | 'journal-full'
  | 'journal-busy'
  | 'journal-unavailable'
  | 'draining'
  | 'fault';

export type RejectReason = EventReason | RequestReason;

export type Rejection = {
  readonly reason: RejectReason;
  /** What part of the event, as a path into the envelope. */
  readonly field?: string;
  /** Seconds, of 429 and 503. */
  readonly retryAfter?: number;
};

/** Of one event in a batch whose others were taken. */
export type EventRejection = {
  readonly index: number;
  readonly reason: EventReason;
  readonly field?: string;
};

export function statusOf(reason: RejectReason): number {
  switch (reason) {
    case 'not-an-object':
    case 'empty-event':
    case 'bad-type':
    case 'reserved-type':
    case 'string-too-long':
    case 'key-too-long':
    case 'array-too-long':
    case 'number-not-finite':
    case 'props-too-large':
    case 'results-too-large':
    case 'user-id-email':
    case 'bad-claim':
    case 'not-utf8':
    case 'too-deep':
    case 'not-json':
    case 'too-many-events':
    case 'no-events':
      return 400;
    case 'unsigned':
    case 'bare-not-accepted':
    case 'bad-signature':
    case 'bad-ingest-token':
    case 'stale-token':
    case 'stale-timestamp':
    case 'address-changed':
      return 401;
    case 'cross-site':
      return 403;
    case 'wrong-method':
      return 405;
    case 'body-too-slow':
      return 408;
    case 'body-too-large':
      return 413;
    case 'not-json-type':
      return 415;
    case 'rate-limited':
    case 'journal-full':
      return 429;
    case 'bodies-busy':
    case 'journal-busy':
    case 'journal-unavailable':
    case 'draining':
    case 'fault':
      return 503;
    default:
      return assertNever(reason);
  }
}
