/** Headers that belong to one connection (RFC 9110 §7.6.1) and end at us, in both directions. */
import type { RawHeaders } from './raw-headers.ts';

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** By length first: most names are dismissed without lower-casing them. */
export function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2:
    case 7:
    case 10:
    case 16:
    case 17:
    case 18:
    case 19:
      return HOP_BY_HOP.has(name.toLowerCase());
    default:
      return false;
  }
}

/** The lower-case names that the `Connection` lines list, or null where there are none but the usual words. */
export function connectionListed(headers: RawHeaders): ReadonlySet<string> | null {
  let listed: Set<string> | null = null;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.length !== 10 || headers[i]!.toLowerCase() !== 'connection') continue;
    const value = headers[i + 1]!.toLowerCase();
    if (value === 'keep-alive' || value === 'close' || value === 'upgrade') continue;
    for (const word of value.split(',')) {
      listed ??= new Set();
      listed.add(word.trim());
    }
  }
  return listed;
}

/** A `Connection` that lists one of these would change what the message means: such a request is refused. */
const UNLISTABLE = ['host', 'content-length', 'transfer-encoding'];

export function listsFraming(listed: ReadonlySet<string> | null): boolean {
  return listed !== null && UNLISTABLE.some((name) => listed.has(name));
}
