/** `gotrack replay --since …`: events that the journal keeps, to sinks that have had them. */
import type { Config } from '../../config/fields.ts';
import { readKept } from '../../journal/kept.ts';
import { errorCode, errorText, nodeFs } from '../../lib/fs.ts';
import { createSender, type Refused, type ReplayDeps, type Replayed } from './sender.ts';

export type KeptOptions = {
  /** Epoch milliseconds of `server.received_at`, both included. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Null: to all of OUTPUTS. */
  readonly sink: string | null;
};

/** The journal may belong to a running instance: it is read and not touched. */
export async function replayKept(
  config: Config,
  options: KeptOptions,
  deps: ReplayDeps,
): Promise<({ ok: true } & Replayed) | Refused> {
  const problem = await problemOf(config.journalDir);
  if (problem !== null) return { ok: false, problem };
  const sinks = options.sink === null ? config.outputs.map(({ name }) => name) : [options.sink];
  const prepared = createSender(config, { ...options, sinks, refusedBefore: false }, deps);
  if (!prepared.ok) return prepared;
  const { sender } = prepared;
  try {
    for (const sink of sinks) await sender.send(sink, recordsOf(config.journalDir, options, deps));
    return { ok: true, ...(await sender.end()) };
  } catch (error) {
    await sender.end();
    throw error;
  }
}

async function problemOf(dir: string): Promise<string | null> {
  try {
    await nodeFs.readdir(dir);
    return null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return `there is no journal at JOURNAL_DIR ${dir}`;
    return `JOURNAL_DIR ${dir}: ${errorText(error)}`;
  }
}

async function* recordsOf(
  dir: string,
  { sinceMs, untilMs }: KeptOptions,
  { log }: ReplayDeps,
): AsyncGenerator<Buffer, void, void> {
  for await (const records of readKept(dir, sinceMs, { fs: nodeFs, log })) {
    for (const record of records) {
      const receivedMs = receivedMsOf(record);
      if (receivedMs >= sinceMs && receivedMs <= untilMs) yield record;
    }
  }
}

function receivedMsOf(record: Buffer): number {
  const { server } = JSON.parse(record.toString()) as { server: { received_at: string } };
  return Date.parse(server.received_at);
}
