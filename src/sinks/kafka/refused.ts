/**
 * Whether a failed request says something about records, or is an outage like all else. The brokers answer for each
 * partition: what stood in the partitions that are not named here is written.
 */
import type { ClientError } from './errors.ts';

export type Refused = { readonly partitions: ReadonlySet<number>; readonly reason: string };

/** By the protocol's error code; nothing else will be the same tomorrow. */
const REASONS = new Map([
  [10, 'too-large'], // MESSAGE_TOO_LARGE: a batch larger than max.message.bytes
  [18, 'too-large'], // RECORD_LIST_TOO_LARGE: larger than a segment
  [87, 'invalid-record'], // INVALID_RECORD: the broker validates what it takes
]);

/** Null for an outage. Where some partitions refuse and others fail, it is one. */
export function refusedIn(error: ClientError): Refused | null {
  const partitions = new Set<number>();
  let reason = '';
  for (const { index, errorCode } of answersIn(error) ?? []) {
    if (errorCode === 0) continue;
    const found = REASONS.get(errorCode);
    if (found === undefined) return null;
    reason = found;
    partitions.add(index);
  }
  return partitions.size === 0 ? null : { partitions, reason };
}

type Answer = { readonly index: number; readonly errorCode: number };
type ProduceResponse = { readonly responses: readonly { readonly partitionResponses: readonly Answer[] }[] };

/** What each broker said last, or null where one of them said nothing. */
function answersIn(error: ClientError): Answer[] | null {
  const perBroker = error.message.startsWith('Producing messages failed') ? error.errors! : [error];
  const answers: Answer[] = [];
  for (const one of perBroker) {
    const last = one.code === 'PLT_KFK_MULTIPLE' ? one.errors!.at(-1)! : one;
    if (last.code !== 'PLT_KFK_RESPONSE') return null;
    const { responses } = last.response as ProduceResponse;
    answers.push(...responses.flatMap(({ partitionResponses }) => partitionResponses));
  }
  return answers;
}
