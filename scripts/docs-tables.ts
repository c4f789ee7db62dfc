/** The tables of README.md and METRICS.md, made from the code; `npm run docs` writes them, a test compares. */
import { FIELDS, type Field } from '../src/config/fields.ts';
import { METRICS } from '../src/telemetry/metrics.ts';

/** What stands between `<!-- NAME -->` and `<!-- /NAME -->`, replaced. */
export function replaceBetween(text: string, name: string, content: string): string {
  const open = `<!-- ${name} -->`;
  const close = `<!-- /${name} -->`;
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start === -1 || end === -1) throw new Error(`the marks ${open} and ${close} are missing`);
  return `${text.slice(0, start + open.length)}\n${content}\n${text.slice(end)}`;
}

export function variableTables(): string {
  const groups = Map.groupBy(Object.values<Field>(FIELDS), (field) => field.group);
  return [...groups].map(([group, fields]) => variableTable(group, fields)).join('\n\n');
}

function variableTable(group: string, fields: Field[]): string {
  const rows = fields.map((field) => [code(field.name), defaultOf(field), cell(field.doc)]);
  return `**${group}**\n\n${table(['variable', 'default', 'meaning'], rows)}`;
}

function defaultOf(field: Field): string {
  if (field.default === undefined || field.default === '') return '';
  const known = field.unit !== undefined && field.unit !== 'bytes';
  return code(field.default) + (known ? ` ${field.unit}` : '');
}

export function metricsTable(): string {
  const rows = Object.values(METRICS).map(({ name, kind, labels, help }) => [
    code(name),
    kind,
    labels.map(code).join(', '),
    cell(help),
  ]);
  return table(['metric', 'type', 'labels', 'meaning'], rows);
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string) => `\`${text}\``;
const cell = (text: string) => text.replaceAll('|', '\\|');
