/** The operator's side: the metrics listener with the live view, and the gauges that are read when asked for. */
import type { AddressInfo } from 'node:net';
import { createAdmin } from '../admin/admin.ts';
import type { Config } from '../config/fields.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ReadinessAnswer } from './readiness.ts';

export type OperatorDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  readiness(): ReadinessAnswer;
  journalBytes(): number;
  subscribe(listener: (records: readonly Buffer[]) => void): () => void;
  siteUrl(): string | null;
};

export type Operator = {
  listen(): Promise<AddressInfo>;
  close(): Promise<void>;
};

export function createOperator(config: Config, deps: OperatorDeps): Operator {
  const { clock, log, metrics, readiness, subscribe, siteUrl } = deps;
  const { host, port } = config.metricsAddr;
  return createAdmin(
    { host, port, allowedHosts: config.metricsHosts },
    {
      clock,
      metrics: { contentType: metrics.contentType, text: () => scrape(deps) },
      readiness,
      counters: () => countersOf(metrics),
      subscribe,
      siteUrl,
      onFault: (cause) => {
        metrics.faults.inc({ room: 'admin' });
        log.error({ err: cause }, 'a fault of ours on the metrics listener');
      },
    },
  );
}

/** Gauges are set when somebody looks: nothing has to run for them while nobody does. */
function scrape({ metrics, readiness, journalBytes }: OperatorDeps): Promise<string> {
  metrics.journalBytes.set(journalBytes());
  for (const [sink, { lag_events }] of Object.entries(readiness().body.sinks)) {
    if (lag_events !== null) metrics.queueDepth.set({ sink }, lag_events);
  }
  return metrics.text();
}

async function countersOf(metrics: Metrics) {
  const requests = (await metrics.httpRequests.get()).values.reduce((sum, { value }) => sum + value, 0);
  return {
    requests,
    injections: await byLabel(metrics.injections, 'outcome'),
    rejections: await byLabel(metrics.rejections, 'reason'),
  };
}

async function byLabel(counter: Metrics['injections'], label: string): Promise<Record<string, number>> {
  const { values } = await counter.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels[label]), value]));
}
