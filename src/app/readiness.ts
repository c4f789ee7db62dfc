/** What `/readyz` says (PROTOCOL: "Health"): a pure function of the states of the parts. */
import type { ReadinessReport, StoreReport } from '../telemetry/readiness.ts';

export type Phase = 'starting' | 'serving' | 'draining';

export type ReadinessFacts = StoreReport & {
  phase: Phase;
  /** READY_SINKS=all: what is out of order makes a 503. */
  strict: boolean;
};

export type ReadinessAnswer = { httpStatus: 200 | 503; body: ReadinessReport };

/** With the error texts, which stay on the metrics listener. */
export function readinessOf({ phase, journal, sinks, strict }: ReadinessFacts): ReadinessAnswer {
  const wrong = journal.state !== 'open' || Object.values(sinks).some((sink) => sink.state !== 'ok');
  const status = phase !== 'serving' ? phase : wrong ? 'degraded' : 'ready';
  const unready = phase !== 'serving' || (strict && wrong);
  return { httpStatus: unready ? 503 : 200, body: { status, journal, sinks } };
}

/** The same for the site's port. */
export function withoutErrors({ httpStatus, body }: ReadinessAnswer): ReadinessAnswer {
  const { error: _, ...journal } = body.journal;
  const sinks = Object.fromEntries(
    Object.entries(body.sinks).map(([name, { error: __, ...sink }]) => [name, sink]),
  );
  return { httpStatus, body: { status: body.status, journal, sinks } };
}
