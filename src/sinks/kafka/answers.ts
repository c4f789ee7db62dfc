/** What a broker says of each partition, in words that decide what happens next. */

export type Verdict =
  | 'written'
  /** These records are not taken as they are, ever. */
  | { readonly refused: string }
  /** The broker has forgotten who we are: the same again as somebody new. */
  | 'unknown-producer'
  /** An outage: written or not, the same again under the same number finds out. */
  | 'open';

/** By the protocol's error code; nothing else says something about records. */
const REFUSALS = new Map([
  [10, 'too-large'], // MESSAGE_TOO_LARGE: a batch larger than max.message.bytes
  [18, 'too-large'], // RECORD_LIST_TOO_LARGE: larger than a segment
  [87, 'invalid-record'], // INVALID_RECORD: the broker validates what it takes
]);
/** OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, UNKNOWN_PRODUCER_ID, PRODUCER_FENCED. */
const UNKNOWN_PRODUCER = [45, 47, 59, 90];
/** An attempt whose answer was lost has succeeded. */
const DUPLICATE_SEQUENCE_NUMBER = 46;

export function verdictOf(errorCode: number): Verdict {
  if (errorCode === 0 || errorCode === DUPLICATE_SEQUENCE_NUMBER) return 'written';
  const refused = REFUSALS.get(errorCode);
  if (refused !== undefined) return { refused };
  return UNKNOWN_PRODUCER.includes(errorCode) ? 'unknown-producer' : 'open';
}
