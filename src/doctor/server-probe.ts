/** The probe of a sink whose place is a server (Kafka, Postgres): it is opened as at a start, asked, and closed. */
import type { Clock } from '../lib/clock.ts';
import type { SinkProbe } from './examination.ts';
import { error, ok, type Row } from './row.ts';
import { milliseconds } from './words.ts';

type Answer = { ok: true } | { ok: false; detail: string };

/** As much of a sink as is asked here. */
export type ServerSink = {
  readonly name: string;
  open(state: unknown): Promise<Answer>;
  probe(): Promise<Answer>;
  close(): Promise<void>;
};

const CURE = 'mend what is said there; until then events wait in the journal, and the site is served';

export function createServerProbe(sink: ServerSink, clock: Clock): SinkProbe {
  const row = `sink ${sink.name}`;

  async function probe(): Promise<Row[]> {
    const started = clock.monotonic();
    const opened = await sink.open(null);
    const answer = opened.ok ? await sink.probe() : opened;
    if (!answer.ok) return [error(row, answer.detail, CURE)];
    return [ok(row, `takes events; it answered in ${milliseconds(clock.monotonic() - started)}`)];
  }

  return { name: sink.name, probe: () => probe().finally(sink.close) };
}
