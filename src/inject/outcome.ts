/** What became of the snippet in one response: the labels of `gotrack_injections_total`. */

/** Rules of the request that did not hold, in the order in which they are asked. */
export type RequestOutcome = 'off' | 'excluded' | 'not-navigation' | 'frame' | 'no-transform';

/** Rules of the response's head. */
export type HeadOutcome = 'no-transform' | 'excluded' | 'status' | 'type' | 'encoding' | 'csp';

/** `busy`: as many pages are recoded as memory is set aside for. `cut`: origin or client went before the end. */
export type StreamOutcome = 'busy' | 'cut';

/** Rules of the body and its end. */
export type BodyOutcome = 'charset' | 'not-page' | 'amp' | 'csp-meta' | 'unclosed';

/** `spliced` into gzip without recompressing, `recoded` with it; `failed` is a fault of ours. */
export type Done = 'inserted' | 'spliced' | 'recoded';

export type Outcome = RequestOutcome | HeadOutcome | BodyOutcome | StreamOutcome | Done | 'failed';

export function isInjected(outcome: Outcome): boolean {
  return outcome === 'inserted' || outcome === 'spliced' || outcome === 'recoded';
}
