/**
 * A reporter of node's test runner: at the end of the run, one table of what the tests found out about each promise
 * under faults and abuse (test/support/fault-row.ts says how they tell).
 */
import type { TestEvent } from 'node:test/reporters';
import { FAULT_ROWS } from '../test/support/fault-row.ts';

type Line = { row: string; size: string; found: string[]; result: string };
type Place = { file?: string | undefined; line?: number | undefined; column?: number | undefined };

export default async function* faultTable(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const lines = new Map<string, Line>();
  const results = new Map<string, string>();
  for await (const { type, data } of events) {
    if (type === 'test:diagnostic') take(lines, data.message, placeOf(data));
    if (type === 'test:fail') results.set(placeOf(data), 'FAILED');
    if (type === 'test:pass') results.set(placeOf(data), data.skip === undefined ? 'kept' : 'skipped');
  }
  for (const [place, line] of lines) line.result = results.get(place.split(' ')[0]!) ?? line.result;
  yield `\n${tableOf([...lines.values()])}\n`;
}

const placeOf = ({ file, line, column }: Place) => `${file}:${line}:${column}`.replaceAll(' ', '_');

const MESSAGE = /^(fault|found) (\w+): (.*)$/s;

/** Tests made in a loop have one place: their sizes keep them apart. */
function take(lines: Map<string, Line>, message: string, place: string): void {
  const [, kind, row, text] = MESSAGE.exec(message) ?? [];
  if (kind === 'fault')
    lines.set(`${place} ${row} ${text}`, { row: row!, size: text!, found: [], result: '' });
  if (kind !== 'found') return;
  const last = [...lines].findLast(([key]) => key.startsWith(`${place} ${row} `));
  last?.[1].found.push(text!);
}

function tableOf(lines: readonly Line[]): string {
  const rows = Object.entries(FAULT_ROWS).flatMap(([key, name]) => {
    const own = lines.filter(({ row }) => row === key);
    return own.length === 0
      ? [[name, '', 'not run', '']]
      : own.map(({ size, result, found }) => [name, size, result, found.join('; ')]);
  });
  const table = [['fault', 'size', 'result', 'numbers'], ['---', '---', '---', '---'], ...rows];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
