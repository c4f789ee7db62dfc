/** Opens a sink, however long that takes. */
import { errorText } from '../lib/fs.ts';
import type { Pause } from './settle.ts';
import type { Sink, SinkState } from './sink.ts';

export type OpenSinkDeps = {
  readonly sink: Sink;
  readonly pause: Pause;
  readonly metrics: { failed(kind: 'retryable', count: number): void };
};

export type OpenWith = {
  readonly state: SinkState;
  /** How many records the journal holds behind that state, asked at each attempt. */
  readonly waiting?: () => number;
};

/** What the sink says of its state, undefined where it says nothing; null: stopping came first. */
export async function openPatiently(
  { state, waiting }: OpenWith,
  { sink, pause, metrics }: OpenSinkDeps,
): Promise<{ state: SinkState | undefined } | null> {
  for (let failures = 1; ; failures += 1) {
    const outcome = await orProblem(() => sink.open(state, waiting?.()));
    if (outcome.ok) return { state: outcome.state };
    metrics.failed('retryable', 1);
    const { detail } = outcome;
    if (!(await pause({ state: 'retrying', detail, failuresInARow: failures }))) return null;
  }
}

/** What was asked of a sink, or its own fault as an outcome. */
export async function orProblem<T>(ask: () => Promise<T>): Promise<T | { ok: false; detail: string }> {
  try {
    return await ask();
  } catch (error) {
    return { ok: false, detail: `fault: ${errorText(error)}` };
  }
}
