/** Metrics of several processes as one page: what each counted, added up. */
import { AggregatorRegistry } from 'prom-client';

/** All metrics of one process, as they can be sent to another; prom-client knows more of each than is named here. */
export type Snapshot = {
  readonly name: string;
  readonly type: string;
  readonly values: readonly { readonly labels: Record<string, string | number>; readonly value: number }[];
}[];

/** Adds up what processes counted, by metric and labels. */
export async function mergeSnapshots(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  const merged = await AggregatorRegistry.aggregate([...snapshots]).getMetricsAsJSON();
  return merged as unknown as Snapshot;
}

/** The page that Prometheus scrapes. */
export function pageOf(snapshots: readonly Snapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}

/** Of a process that is gone only what it counted stays: its gauges were of something that is no more. */
export function countedIn(snapshot: Snapshot): Snapshot {
  return snapshot.filter(({ type }) => type !== 'gauge');
}

/** The values of one counter by one of its labels, summed over the others. */
export function totalsBy(snapshot: Snapshot, name: string, label: string): Record<string, number> {
  const totals: Record<string, number> = {};
  const values = snapshot.find((metric) => metric.name === name)?.values ?? [];
  for (const { labels, value } of values) {
    const key = String(labels[label] ?? '');
    totals[key] = (totals[key] ?? 0) + value;
  }
  return totals;
}
