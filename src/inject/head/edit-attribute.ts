/** The value of an attribute changed in the page's text: what does not change keeps its bytes. */

/**
 * `attribute`: its text from the name on. `steps`: its value as it is to become, change by change, each at one
 * place. Returns the new text of the attribute.
 */
export function editAttribute(attribute: string, steps: readonly string[]): string {
  const [start] = /^[^=]*=[\t\n\f\r ]*/.exec(attribute) ?? [`${attribute}=`];
  const quote = attribute[start.length];
  if (quote !== '"' && quote !== "'") return `${start}"${escapeValue(steps.at(-1)!, '"')}"`;
  let raw = attribute.slice(start.length + 1, -1);
  for (const next of steps) raw = changeRaw(raw, next, quote) ?? escapeValue(next, quote);
  return start + quote + raw + quote;
}

/** Null: the raw value holds what is not told here where it begins and ends. */
function changeRaw(raw: string, next: string, quote: string): string | null {
  const decoded = decode(raw);
  if (decoded === null) return null;
  const { value, offsets } = decoded;
  let same = 0;
  while (same < value.length && value[same] === next[same]) same++;
  let tail = 0;
  const most = Math.min(value.length, next.length) - same;
  while (tail < most && value.at(-1 - tail) === next.at(-1 - tail)) tail++;
  const changed = escapeValue(next.slice(same, next.length - tail), quote);
  return raw.slice(0, offsets[same]) + changed + raw.slice(offsets[value.length - tail]);
}

type Decoded = {
  readonly value: string;
  /** Where each character of the value begins in the raw text, and where that ends. */
  readonly offsets: readonly number[];
};

const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/iy;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  colon: ':',
  gt: '>',
  lt: '<',
  num: '#',
  quot: '"',
  semi: ';',
  sol: '/',
};

function decode(raw: string): Decoded | null {
  let value = '';
  const offsets: number[] = [];
  for (let i = 0; i < raw.length; ) {
    const reference = raw[i] === '&' ? readReference(raw, i) : { char: raw[i]!, end: i + 1 };
    if (reference === null || reference.char === '\r' || reference.char === '\0') return null;
    offsets.push(i);
    value += reference.char;
    i = reference.end;
  }
  return { value, offsets: [...offsets, raw.length] };
}

function readReference(raw: string, at: number): { char: string; end: number } | null {
  REFERENCE.lastIndex = at;
  const parts = REFERENCE.exec(raw);
  if (parts === null) return null;
  const [{ length }, decimal, hex, name] = parts;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  const char = name === undefined ? ascii(code) : NAMED[name];
  return char === undefined ? null : { char, end: at + length };
}

/** Beyond ASCII some references mean another character than they say (HTML standard §13.2.5.80). */
function ascii(code: number): string | undefined {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : undefined;
}

function escapeValue(value: string, quote: string): string {
  return value.replace(/[&"'<>]/g, (char) => {
    if (char === '"' || char === "'") return char === quote ? (char === '"' ? '&quot;' : '&#39;') : char;
    return char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;';
  });
}
