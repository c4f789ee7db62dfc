/**
 * OUTPUTS: which sinks there are. One may be named twice with labels, `kafka:eu,kafka:us`; each then reads its
 * variables with the label behind their first word (`KAFKA_EU_BROKERS`), and what it does not find there without.
 */
import { list, type Parser } from './parsers.ts';

const KINDS = ['log', 'kafka', 'postgres'] as const;
const LABEL = /^[a-z0-9]{1,16}$/;
const EXPECTED = `a list of ${KINDS.join(', ')}, each once, or several times with labels such as kafka:eu (a-z, 0-9)`;

export type SinkKind = (typeof KINDS)[number];

export type Output = {
  /** As in OUTPUTS: `log`, `kafka:eu`; of its cursor, its metrics and `/readyz`. */
  readonly name: string;
  readonly kind: SinkKind;
  /** `eu`; null where it has none. */
  readonly label: string | null;
};

export const LOG_OUTPUT: Output = { name: 'log', kind: 'log', label: null };

export const outputs: Parser<readonly Output[]> = (text) => {
  const parsed = list(text);
  const names = parsed.ok ? parsed.value : [];
  const found = names.map(outputOf);
  const areAll = found.every((output) => output !== null);
  if (names.length === 0 || !areAll || new Set(names).size < names.length)
    return { ok: false, expected: EXPECTED };
  return { ok: true, value: found };
};

function outputOf(name: string): Output | null {
  const [word = '', label = null, ...more] = name.split(':');
  const kind = KINDS.find((known) => known === word);
  if (kind === undefined || more.length > 0 || (label !== null && !LABEL.test(label))) return null;
  return { name, kind, label };
}

type Row = { readonly group: string; readonly name: string };

/** A row of the table as one labelled output reads it. */
export type Labelled<F extends Row> = { readonly output: Output; readonly key: string; readonly field: F };

/** The rows that each labelled output reads for itself: those of the group of its kind. */
export function labelledFields<F extends Row>(
  fields: Readonly<Record<string, F>>,
  outputs: readonly Output[],
): Labelled<F>[] {
  return outputs.flatMap((output) => {
    const { kind, label } = output;
    if (label === null) return [];
    return Object.entries(fields)
      .filter(([, field]) => field.group === `${kind} sink`)
      .map(([key, field]) => ({ output, key, field: { ...field, name: labelledName(field.name, label) } }));
  });
}

/** `KAFKA_BROKERS` and `eu`: `KAFKA_EU_BROKERS`. */
export function labelledName(name: string, label: string | null): string {
  if (label === null) return name;
  const [first, ...rest] = name.split('_');
  return [first, label.toUpperCase(), ...rest].join('_');
}
