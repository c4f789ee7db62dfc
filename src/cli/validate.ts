/**
 * `gotrack validate FILE`: each line of an NDJSON file held to the schema of an event. Exit code 0: all of them are
 * events; 1: some are not; 2: wrong usage, or a file that cannot be read.
 */
import { compileSchema, type SchemaProblem } from '../event/json-schema.ts';
import { ENVELOPE_SCHEMA } from '../event/schema.ts';
import { errorCode, errorText, nodeFs } from '../lib/fs.ts';
import { printable } from '../lib/printable.ts';
import { readLines } from '../lib/read-lines.ts';
import type { Command, Context } from './context.ts';
import { takeFlags } from './own-flags.ts';

const USAGE = `gotrack validate FILE [--show=N]

Holds each line of a file of events to their schema (gotrack schema prints it): a log, a rotated one, what a consumer
of Kafka wrote down. In a file of dead letters it looks at the events. Fields that the schema does not name are no
problem: a later version may have written them.

  --show=N  say what is wrong with the first N lines (20)

Exit code: 0 all lines are events, 1 some are not, 2 wrong usage, or a file that cannot be read.`;

const MAX_PROBLEMS_A_LINE = 5;

type ValidateEvent = (value: unknown) => readonly SchemaProblem[];

export const validate: Command = async (full) => {
  const { values, context } = takeFlags(full, ['show', 'help']);
  if (values.help !== undefined) {
    context.print(USAGE);
    return 0;
  }
  const [path, ...more] = context.args.rest;
  const [unknown] = Object.keys(context.args.flags);
  const show = values.show ?? '20';
  if (unknown !== undefined) return refuse(context, `--${unknown} is no flag of this command\n\n${USAGE}`);
  if (path === undefined || more.length > 0) return refuse(context, `one file is needed\n\n${USAGE}`);
  if (!/^\d{1,6}$/.test(show))
    return refuse(context, `--show got ${JSON.stringify(show)}, expected a whole number`);
  try {
    return await validateFile(context, { path, show: Number(show) }, compileSchema(ENVELOPE_SCHEMA));
  } catch (error) {
    const why = errorCode(error) === 'ENOENT' ? 'there is no such file' : errorText(error);
    return refuse(context, `${path}: ${why}`);
  }
};

function refuse({ printError }: Context, problem: string): number {
  printError(`gotrack: validate: ${problem}`);
  return 2;
}

async function validateFile(
  context: Context,
  { path, show }: { path: string; show: number },
  validateEvent: ValidateEvent,
): Promise<number> {
  let lines = 0;
  let wrong = 0;
  let torn = false;
  for await (const { bytes, isWhole } of readLines(nodeFs, path)) {
    if (!isWhole) {
      torn = true;
      break;
    }
    lines += 1;
    const problems = problemsOf(bytes, validateEvent);
    if (problems.length === 0) continue;
    wrong += 1;
    if (wrong <= show) context.print(textOf(lines, problems));
  }
  if (wrong > show) context.print(`… and ${wrong - show} more`);
  if (torn)
    context.print(`note: what stands behind line ${lines} has no end: it is being written, or was torn`);
  context.print(
    `${path}: ${lines} lines, ${wrong === 0 ? 'all of them are events' : `${wrong} are no valid events`}`,
  );
  return wrong === 0 ? 0 : 1;
}

function problemsOf(line: Buffer, validateEvent: ValidateEvent): readonly SchemaProblem[] {
  try {
    const value = JSON.parse(line.toString());
    if (isEcs(value))
      return [{ path: '', message: 'is in LOG_FORMAT=ecs, which is held to the schema of Elastic' }];
    return validateEvent(isDeadLetter(value) ? value.event : value);
  } catch (error) {
    const message =
      error instanceof SyntaxError ? `is no JSON: ${error.message}` : `cannot be read: ${errorText(error)}`;
    return [{ path: '', message }];
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isEcs = (value: unknown) => isObject(value) && 'ecs' in value && '@timestamp' in value;

function isDeadLetter(value: unknown): value is { event: unknown } {
  return isObject(value) && ['at', 'sink', 'reason', 'event'].every((name) => Object.hasOwn(value, name));
}

function textOf(number: number, problems: readonly SchemaProblem[]): string {
  const shown = problems
    .slice(0, MAX_PROBLEMS_A_LINE)
    .map(({ path, message }) => (path === '' ? message : `${path} ${message}`));
  const more = problems.length > shown.length ? [`${problems.length - shown.length} more`] : [];
  return `line ${number}: ${printable([...shown, ...more].join('; '))}`;
}
