/** `gotrack tail`: the events as they come, out of the log file. */
import { existsSync } from 'node:fs';
import { type Config, settingsOf } from '../config/fields.ts';
import { sleep } from '../lib/backoff.ts';
import { systemClock } from '../lib/clock.ts';
import { errorText, nodeFs } from '../lib/fs.ts';
import { compileGlobs, type Globs, matchesAny } from '../lib/glob.ts';
import { printable } from '../lib/printable.ts';
import { type FollowOptions, followLog } from '../sinks/follow-log.ts';
import type { Command, Context } from './context.ts';
import { type EventView, type LineStyle, lineOf, viewOf } from './event-line.ts';
import { MOMENT_FORMS, parseMoment } from './moment.ts';
import { takeFlags } from './own-flags.ts';
import { readSinkConfig } from './read-config.ts';

const USAGE = `gotrack tail [FILE] [--type=NAME,…] [--url=TEXT] [--since=TIME] [--lines=N] [--json] [--no-follow]

Shows the events of the log as they come, through rotation, a line each: when it was received (UTC), type, address,
URL. Without FILE it follows LOG_PATH of this environment.

  --type=NAME,…  these types only, such as pageview,click
  --url=TEXT     events whose URL contains this; a star stands for any text
  --since=TIME   begins with what was received then, in files that were rotated since too: ${MOMENT_FORMS}
  --lines=N      begins with the last N lines (10)
  --json         the lines as they are in the file
  --no-follow    ends where the file ends`;

const POLL_MS = 250;

type Request = {
  readonly path: string;
  readonly types: ReadonlySet<string> | null;
  readonly urls: Globs | null;
  readonly sinceMs: number | null;
  readonly lines: number;
  readonly json: boolean;
  readonly follow: boolean;
};

export const tail: Command = async (full) => {
  const { values, context } = takeFlags(full, [
    ...(['type', 'url', 'since', 'lines', 'json', 'no-follow', 'help'] as const),
  ]);
  if (values.help !== undefined) {
    context.print(USAGE);
    return 0;
  }
  const request = requestOf(values, context);
  if (request === null) return 2;
  if (typeof request === 'string') {
    context.printError(`gotrack: tail: ${request}`);
    return 2;
  }
  return show(context, request);
};

type Flags = { readonly [Name in 'type' | 'url' | 'since' | 'lines' | 'json' | 'no-follow']?: string };

/** Or what is wrong with it; null: that has been said. */
function requestOf(flags: Flags, context: Context): Request | string | null {
  const now = systemClock.now();
  const sinceMs = flags.since === undefined ? null : parseMoment(flags.since, now);
  if (flags.since !== undefined && sinceMs === null)
    return `--since got ${JSON.stringify(flags.since)}, expected ${MOMENT_FORMS}`;
  const lines = flags.lines ?? '10';
  if (!/^\d{1,6}$/.test(lines)) return `--lines got ${JSON.stringify(lines)}, expected a whole number`;
  // `--json FILE`: the word behind a flag that takes none is the file.
  const words = [flags.json, flags['no-follow'], ...context.args.rest].filter(
    (word) => word !== undefined && !['true', 'false'].includes(word),
  );
  if (words.length > 1) return 'one file at a time';
  const place = words[0] === undefined ? logPathOf(context) : { ok: true as const, path: words[0] };
  if (place === null) return null;
  if (!place.ok) return place.problem;
  return {
    path: place.path,
    types: flags.type === undefined ? null : new Set(flags.type.split(',').map((name) => name.trim())),
    urls: flags.url === undefined ? null : compileGlobs([`*${flags.url}*`]),
    sinceMs,
    lines: Number(lines),
    json: isOn(flags.json),
    follow: !isOn(flags['no-follow']),
  };
}

const isOn = (value: string | undefined) => value !== undefined && value !== 'false';

/** Null: the configuration cannot be read, which has been said. */
function logPathOf(context: Context): { ok: true; path: string } | { ok: false; problem: string } | null {
  const config = readSinkConfig(context);
  if (config === null) return null;
  const paths = logPaths(config);
  const [path] = paths;
  if (path === undefined) return { ok: false, problem: 'OUTPUTS has no log: there is no file to follow' };
  if (paths.length > 1)
    return { ok: false, problem: `there are several logs: name one of ${paths.join(', ')}` };
  if (path !== 'stdout') return { ok: true, path };
  const problem = 'LOG_PATH=stdout: the events go to the standard output of the instance, and into no file';
  return { ok: false, problem };
}

const logPaths = (config: Config) =>
  config.outputs.filter(({ kind }) => kind === 'log').map((output) => settingsOf(config, output).logPath);

async function show(context: Context, request: Request): Promise<number> {
  const stop = new AbortController();
  void context.stopSignal().then(() => stop.abort());
  void context.outputClosed().then(() => stop.abort());
  const { path, follow } = request;
  if (!existsSync(path)) {
    context.printError(`gotrack: tail: there is no ${path}${follow ? ' yet: waiting for it' : ''}`);
    if (!follow) return 1;
  }
  const style = { columns: context.columns, colours: context.columns !== null && !context.env.NO_COLOR };
  try {
    for await (const line of followLog(optionsOf(request), { fs: nodeFs, sleep, stop: stop.signal })) {
      const shown = shownOf(line.toString(), request, style);
      if (shown !== null) context.print(shown);
    }
    return 0;
  } catch (error) {
    context.printError(`gotrack: tail: ${path}: ${errorText(error)}`);
    return 1;
  }
}

function optionsOf({ path, sinceMs, lines, follow }: Request): FollowOptions {
  return {
    path,
    from: sinceMs === null ? { kind: 'last', lines } : { kind: 'since', ms: sinceMs },
    pollMs: follow ? POLL_MS : null,
  };
}

/** Null: not asked for. What is no event is shown where nothing was asked for. */
function shownOf(line: string, request: Request, style: LineStyle): string | null {
  const view = viewOf(line);
  if (view === null) {
    const chosen = request.types !== null || request.urls !== null || request.sinceMs !== null;
    return chosen ? null : request.json ? line : `no event: ${printable(line)}`;
  }
  if (!isAskedFor(view, request)) return null;
  return request.json ? line : lineOf(view, style);
}

function isAskedFor({ type, url, receivedMs }: EventView, { types, urls, sinceMs }: Request): boolean {
  if (types !== null && !types.has(type)) return false;
  if (urls !== null && !matchesAny(urls, url)) return false;
  return sinceMs === null || receivedMs === null || receivedMs >= sinceMs;
}
