/** What collect needs of the journal, and what it says when the journal cannot. */
import { assertNever } from '../lib/assert-never.ts';
import type { Rejection } from './reject.ts';

/** Resolves when the records are synced, all of them or none. */
export type Append = (records: readonly Buffer[]) => Promise<AppendOutcome>;

export type AppendFailure = 'full' | 'busy' | 'unavailable' | 'closed';
export type AppendOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: AppendFailure };

export function rejectionOf(failure: AppendFailure) {
  switch (failure) {
    case 'full':
      return { reason: 'journal-full', retryAfter: 30 } as const satisfies Rejection;
    case 'busy':
      return { reason: 'journal-busy', retryAfter: 2 } as const satisfies Rejection;
    case 'unavailable':
      return { reason: 'journal-unavailable', retryAfter: 10 } as const satisfies Rejection;
    case 'closed':
      return { reason: 'draining', retryAfter: 5 } as const satisfies Rejection;
    default:
      return assertNever(failure);
  }
}
