/** From the bytes of a body to its events, still untrusted. What a parser could choke on never reaches it. */
import { isUtf8 } from 'node:buffer';

const MAX_EVENTS = 100;
const MAX_DEPTH = 32;

export type ParsedBody =
  | {
      readonly ok: true;
      readonly events: readonly unknown[];
      /** Whether a `\u` stood in it: only then can a string hold NUL or a lone surrogate. */
      readonly escapes: boolean;
    }
  | {
      readonly ok: false;
      readonly reason: 'not-utf8' | 'too-deep' | 'too-many-events' | 'not-json' | 'no-events';
    };

export function parseBody(body: Buffer): ParsedBody {
  if (!isUtf8(body)) return { ok: false, reason: 'not-utf8' };
  const excess = findExcess(body);
  if (excess !== null) return { ok: false, reason: excess };
  const parsed = parseJson(body.toString('utf8'));
  if (parsed === null) return { ok: false, reason: 'not-json' };
  const events = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (events.length === 0) return { ok: false, reason: 'no-events' };
  return { ok: true, events, escapes: body.includes('\\u') };
}

function parseJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // A syntax error is the client's, and its message would quote the client's text.
    return null;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/**
 * One pass over the bytes, before anything is built: is it nested too deep (the outermost value is 1), or a
 * list of too many? It need not be right about what is no JSON, since the parser comes next.
 */
function findExcess(body: Buffer): 'too-deep' | 'too-many-events' | null {
  const list = isList(body);
  let depth = 0;
  let items = 1;
  for (let i = 0; i < body.length; i++) {
    switch (body[i]) {
      case QUOTE:
        i = endOfString(body, i);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > MAX_DEPTH) return 'too-deep';
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case COMMA:
        if (list && depth === 1 && ++items > MAX_EVENTS) return 'too-many-events';
        break;
    }
  }
  return null;
}

function isList(body: Buffer): boolean {
  let i = 0;
  while (body[i] === 0x20 || body[i] === 0x0a || body[i] === 0x0d || body[i] === 0x09) i++;
  return body[i] === 0x5b;
}

/** The index of the closing quote, or past the end. */
function endOfString(body: Buffer, open: number): number {
  for (let i = open + 1; i < body.length; i++) {
    if (body[i] === BACKSLASH) i++;
    else if (body[i] === QUOTE) return i;
  }
  return body.length;
}
