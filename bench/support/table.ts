/** From what was measured in each round to a line of the table. */
import { type Absent, NAMES, type Name } from './candidates.ts';

/** What FIGURES ask: a ratio to a peer of the same round, or a value of our own. At most that. */
export type Asked = { xNginx?: number; xHttpProxy?: number; own?: number };

/** A value for each round; nothing for a candidate that was absent. */
export type Rounds = Partial<Record<Name, number[]>>;

export type Unit = 'µs' | 'MB' | '×';

export type Row = {
  work: string;
  unit: Unit;
  rounds: Rounds;
  absent?: Absent | null;
  byPart3?: Asked | undefined;
  inTheEnd?: Asked | undefined;
  /** A sentence below the table. */
  note?: string | undefined;
};

const HEAD = [
  ...['work', 'nginx µs', 'http-proxy µs', 'gotrack µs', '×nginx (each round)', '×http-proxy'],
  ...['asked by part 3', 'asked in the end', 'reached'],
];

export const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

export function tableOf(rows: readonly Row[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cellsOf)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const notes = rows.flatMap(({ work, note, absent }) => [
    ...(note === undefined ? [] : [`- ${work}: ${note}`]),
    ...(absent ? [`- ${work}: without ${absent.name}: ${absent.absent}`] : []),
  ]);
  return [...lines, '', ...notes].join('\n');
}

function cellsOf(row: Row): string[] {
  const values = NAMES.map((name) => {
    const rounds = row.rounds[name];
    return rounds === undefined ? '–' : show(median(rounds), row.unit);
  });
  const [toNginx, toPeer] = [ratios(row, 'nginx'), ratios(row, 'http-proxy')];
  return [
    row.work,
    ...values,
    toNginx === null
      ? '–'
      : `**${median(toNginx).toFixed(2)}** (${toNginx.map((x) => x.toFixed(2)).join(' ')})`,
    toPeer === null ? '–' : median(toPeer).toFixed(2),
    showAsked(row.byPart3, row.unit),
    showAsked(row.inTheEnd, row.unit),
    reached(row),
  ];
}

export function addTo(rounds: Rounds, name: Name, value: number): void {
  const values = rounds[name];
  if (values === undefined) rounds[name] = [value];
  else values.push(value);
}

function ratios({ rounds }: Row, peer: Name): number[] | null {
  const [ours, theirs] = [rounds.gotrack, rounds[peer]];
  return ours === undefined || theirs === undefined ? null : ours.map((own, n) => own / theirs[n]!);
}

function show(value: number, unit: Unit): string {
  if (unit === 'µs') return value.toFixed(1);
  return unit === 'MB' ? `${value.toFixed(0)} MB` : `${value.toFixed(2)}×`;
}

function showAsked(asked: Asked | undefined, unit: Unit): string {
  if (asked === undefined) return '–';
  const { xNginx, xHttpProxy, own } = asked;
  return [
    ...(xNginx === undefined ? [] : [`≤ ${xNginx}×nginx`]),
    ...(xHttpProxy === undefined ? [] : [`≤ ${xHttpProxy}×http-proxy`]),
    ...(own === undefined ? [] : [`≤ ${own}${unit === '×' ? '×' : ` ${unit}`}`]),
  ].join(', ');
}

function reached(row: Row): string {
  if (row.byPart3 === undefined && row.inTheEnd === undefined) return '–';
  if (row.rounds.gotrack === undefined) return 'not measured';
  if (row.inTheEnd !== undefined && holds(row, row.inTheEnd)) return 'in the end';
  return row.byPart3 !== undefined && holds(row, row.byPart3) ? 'by part 3' : '**no**';
}

function holds(row: Row, { xNginx, xHttpProxy, own }: Asked): boolean {
  const within = (values: number[] | null, most: number | undefined) =>
    most === undefined || (values !== null && median(values) <= most);
  return (
    within(ratios(row, 'nginx'), xNginx) &&
    within(ratios(row, 'http-proxy'), xHttpProxy) &&
    within(row.rounds.gotrack ?? null, own)
  );
}
