/**
 * The promises under faults and abuse, by name. A test that holds one of them says so, with its size and what it
 * found; `npm run torture` ends with a table of them (scripts/fault-table.ts), and a row that no test spoke for is
 * seen there too.
 */
import type { TestContext } from 'node:test';

export const FAULT_ROWS = {
  kill: 'kill -9 under 2,000 events a second',
  worker: 'a worker or the first of several processes killed under load',
  damage: 'the end of the journal cut or flipped while down',
  stop: 'SIGTERM under load',
  hang: 'fdatasync hangs',
  outage: 'Kafka or Postgres killed or frozen',
  poison: 'poison among the events',
  disk: 'disk full, I/O error',
  full: 'journal full, with every sink down',
  flood: 'one address that asks as fast as it can',
  replay: 'replayed, altered, sent elsewhere or by another',
  forwarded: 'forged X-Forwarded-For',
  body: 'deep, long and too large JSON',
  clock: "a client's clock a day off",
  series: 'many distinct URLs',
} as const;

export type FaultRow = keyof typeof FAULT_ROWS;

/** Says before anything can fail which row a test holds, and at which size; the function it returns, with what result. */
export function faultRow(t: TestContext, row: FaultRow, size: string): (found: string) => void {
  t.diagnostic(`fault ${row}: ${size}`);
  return (found) => t.diagnostic(`found ${row}: ${found}`);
}
