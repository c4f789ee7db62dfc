/** The report as people read it: aligned, wrapped, the cure on a line of its own. */
import { printable } from '../lib/printable.ts';
import type { Report } from './report.ts';
import { LEVELS, type Level, type Row } from './row.ts';
import { counted } from './words.ts';

export type TableStyle = {
  /** Of the terminal. */
  readonly columns: number;
  readonly colours: boolean;
};

const CODES: Readonly<Record<Level, string>> = {
  ok: '32',
  note: '36',
  warning: '33',
  error: '31',
  skipped: '2',
};
const MIN_TEXT = 24;
const LEVEL_WIDTH = Math.max(...LEVELS.map((level) => level.length));

export function tableOf(report: Report, style: TableStyle): string {
  const { findings, page, origin } = report;
  const nameWidth = Math.max(0, ...findings.map(({ name }) => name.length));
  const head =
    origin === null ? [] : [`  page    ${printable(page ?? '')}`, `  origin  ${printable(origin)}`, ''];
  const rows = findings.flatMap((row, i) => linesOf(row, findings[i - 1], { nameWidth, ...style }));
  return [...head, ...rows, '', `  ${summaryOf(report)}`].join('\n');
}

type Layout = TableStyle & { readonly nameWidth: number };

function linesOf(row: Row, before: Row | undefined, { nameWidth, columns, colours }: Layout): string[] {
  const indent = 2 + LEVEL_WIDTH + 2 + nameWidth + 2;
  const width = Math.max(MIN_TEXT, columns - indent);
  const name = row.name === before?.name ? '' : row.name;
  const [first = '', ...more] = wrap(printable(row.found), width);
  const level = painted(row.level.padEnd(LEVEL_WIDTH), CODES[row.level], colours);
  const space = ' '.repeat(indent);
  const cure = row.cure === null ? [] : wrap(printable(row.cure), Math.max(MIN_TEXT, width - 2));
  return [
    `  ${level}  ${name.padEnd(nameWidth)}  ${first}`.trimEnd(),
    ...more.map((line) => space + line),
    ...cure.map((line, i) => `${space}${i === 0 ? painted('→ ', '1', colours) : '  '}${line}`),
  ];
}

function summaryOf({ summary }: Report): string {
  const { error, warning, note, skipped } = summary;
  if (error + warning + note === 0) return `nothing is wrong${skipped > 0 ? `; ${skipped} skipped` : ''}`;
  const parts = [
    error > 0 && counted(error, 'error', 'errors'),
    warning > 0 && counted(warning, 'warning', 'warnings'),
    note > 0 && counted(note, 'note', 'notes'),
    skipped > 0 && `${skipped} skipped`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

const painted = (text: string, code: string, colours: boolean) =>
  colours ? `\u001b[${code}m${text}\u001b[0m` : text;

/** At spaces; a word that is longer than a line is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => pieces(long, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function pieces(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  return Array.from({ length: Math.ceil(word.length / width) }, (_, i) =>
    word.slice(i * width, (i + 1) * width),
  );
}
