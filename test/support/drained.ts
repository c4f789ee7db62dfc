import { eventually } from './event-loop.ts';

type Sinks = Record<string, { state: string; lag_events: number | null }>;

/** What `/readyz` says of the sinks. */
export async function sinksOf(site: string): Promise<Sinks> {
  const readiness = (await (await fetch(`${site}/readyz`)).json()) as { sinks: Sinks };
  return readiness.sinks;
}

/** Resolves when every sink has everything that it is going to take; one that was down is tried again after 30 s. */
export function drained(site: string, timeoutMs = 60_000): Promise<void> {
  const all = async () => {
    const sinks = Object.values(await sinksOf(site));
    return sinks.length > 0 && sinks.every((sink) => sink.lag_events === 0);
  };
  return eventually(all, 'the sinks have drained', timeoutMs);
}
