/**
 * `gotrack replay FILE` and `gotrack replay --since TIME`. Exit code 0: all of it is delivered; 1: some was refused
 * again, or it was stopped; 2: wrong usage or configuration, and nothing was sent.
 */
import { replayKept } from '../app/replay/kept.ts';
import { replayLetters } from '../app/replay/letters.ts';
import type { Refused, ReplayDeps, Replayed } from '../app/replay/sender.ts';
import { createSink } from '../app/sinks.ts';
import type { Config } from '../config/fields.ts';
import { systemClock } from '../lib/clock.ts';
import { errorText } from '../lib/fs.ts';
import type { Command, Context } from './context.ts';
import { logFor } from './log-for.ts';
import { MOMENT_FORMS, parseMoment } from './moment.ts';
import { takeFlags } from './own-flags.ts';
import { readSinkConfig } from './read-config.ts';

const USAGE = `gotrack replay FILE [--sink NAME]
gotrack replay --since TIME [--until TIME] [--sink NAME]

With a file of dead letters (DEAD_LETTER_PATH), sends each event again to the sink that refused it: mend the cause
first. What is refused again is left in a file of its own. The file itself gets the ending .replayed when all of it
was sent. With --since, sends the events that the journal still keeps (JOURNAL_KEEP_HOURS) from that time on.

  --sink NAME   one sink of OUTPUTS: all letters go there, or only there is replayed to
  --since TIME  when the event was received: ${MOMENT_FORMS}
  --until TIME  and not after

Give it the environment that the instance has. Kafka and Postgres may be replayed to beside a running instance, and
take no event twice that they can tell by its id. A log file has one writer: stop the instance, or let the replay write
a file that is not there yet with --log-path=FILE. Ctrl-C stops it; what is not sent yet stays where it is.
Exit code: 0 all is delivered, 1 something was refused again or it was stopped, 2 wrong usage or configuration.`;

type Request =
  | { kind: 'letters'; path: string; sink: string | null }
  | { kind: 'kept'; sinceMs: number; untilMs: number; sink: string | null };

export const replay: Command = async (full) => {
  const { values, context } = takeFlags(full, ['since', 'until', 'sink', 'help']);
  if (values.help !== undefined) {
    context.print(USAGE);
    return 0;
  }
  const request = requestOf(values, context.args.rest);
  if (typeof request === 'string') return refuse(context, `${request}\n\n${USAGE}`);
  const config = readSinkConfig(context);
  if (config === null) return 2;
  try {
    return await perform(context, config, request);
  } catch (error) {
    context.printError(`gotrack: replay: ${errorText(error)}`);
    return 1;
  }
};

/** Or what is wrong with it. */
function requestOf(
  { since, until, sink }: { since?: string; until?: string; sink?: string },
  files: readonly string[],
): Request | string {
  const [path, ...more] = files;
  if (more.length > 0) return 'one file at a time';
  if (path !== undefined) {
    if (since !== undefined || until !== undefined) return 'a file, or --since: not both';
    return { kind: 'letters', path, sink: sink ?? null };
  }
  if (since === undefined) return 'a file of dead letters, or --since, is needed';
  const now = systemClock.now();
  const sinceMs = parseMoment(since, now);
  const untilMs = until === undefined ? now : parseMoment(until, now);
  if (sinceMs === null) return `--since got ${JSON.stringify(since)}, expected ${MOMENT_FORMS}`;
  if (untilMs === null) return `--until got ${JSON.stringify(until)}, expected ${MOMENT_FORMS}`;
  if (untilMs < sinceMs) return '--until lies before --since';
  return { kind: 'kept', sinceMs, untilMs, sink: sink ?? null };
}

async function perform(context: Context, config: Config, request: Request): Promise<number> {
  const stop = new AbortController();
  void context.stopSignal().then(() => stop.abort());
  // That a sink is open is no news here.
  const log = await logFor(context, config.logLevel === 'info' ? 'warn' : config.logLevel);
  const { runtime } = context;
  const deps: ReplayDeps = { clock: systemClock, log, runtime, createSink, stop: stop.signal };
  // Where events go to standard output, what is said about them does not.
  const say = config.logPath === 'stdout' ? context.printError : context.print;
  if (request.kind === 'letters') {
    const outcome = await replayLetters(config, request, deps);
    if (!outcome.ok) return refuse(context, outcome.problem);
    return report(say, outcome, fateOf(outcome));
  }
  const outcome = await replayKept(config, request, deps);
  if (!outcome.ok) return refuse(context, outcome.problem);
  return report(say, outcome, keptText(config, outcome));
}

function refuse({ printError }: Context, problem: Refused['problem']): number {
  printError(`gotrack: replay: ${problem}`);
  return 2;
}

function report(say: (text: string) => void, replayed: Replayed, fate: string): number {
  const { rows, left, finished } = replayed;
  const width = Math.max(4, ...rows.map(({ sink }) => sink.length));
  say(`${'sink'.padEnd(width)}  ${'delivered'.padStart(9)}  ${'refused again'.padStart(13)}`);
  for (const { sink, delivered, refused } of rows) {
    say(`${sink.padEnd(width)}  ${String(delivered).padStart(9)}  ${String(refused).padStart(13)}`);
  }
  if (left !== null) say(`\nWhat was refused again is in ${left}, with the new reason.`);
  say(`\n${fate}`);
  return finished && left === null ? 0 : 1;
}

function fateOf({ finished, file }: Replayed & { file: string }): string {
  if (finished) return `All letters were sent: ${file} is needed no more.`;
  return `Not all letters were sent: they are still in ${file}. To go on: gotrack replay ${file}`;
}

function keptText({ journalKeepHours }: Config, { rows, finished }: Replayed): string {
  if (!finished) return 'It was stopped before the end.';
  const isEmpty = rows.every(({ delivered, refused }) => delivered + refused === 0);
  if (!isEmpty) return 'All events that are kept of that time were sent.';
  const cure = journalKeepHours === 0 ? ' (JOURNAL_KEEP_HOURS=0 keeps no more than the sinks need)' : '';
  return `The journal keeps no event of that time${cure}.`;
}
