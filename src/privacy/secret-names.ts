import { createLru } from '../lib/lru.ts';

/** Words that make a parameter a secret wherever they stand in its name: `access_token`, `apiKey`. */
const SECRET_WORDS = new Set([
  'token',
  'jwt',
  'bearer',
  'auth',
  'authorization',
  'password',
  'passwd',
  'passphrase',
  'pass',
  'pwd',
  'pw',
  'pin',
  'otp',
  'secret',
  'credential',
  'credentials',
  'key',
  'apikey',
  'signature',
  'sig',
  'session',
  'sessionid',
  'sessid',
  'phpsessid',
  'jsessionid',
  'email',
  'mail',
  'ssn',
  'iban',
]);

/** Names that are secrets only when nothing else stands in them: `code` is OAuth's, `promo_code` is not. */
const SECRET_NAMES = new Set(['code', 'sid', 'ticket']);

const MAX_NAMES = 2_000;

/** Whether a query parameter is named like a secret; sites use the same few names again and again. */
export function createIsSecretName(): (name: string) => boolean {
  const known = createLru<string, boolean>(MAX_NAMES);
  return function isSecretName(name) {
    const found = known.get(name);
    if (found !== undefined) return found;
    const judged = judge(name);
    // A copy: V8 keeps a whole URL alive for the sake of a piece of it.
    known.set(Buffer.from(name, 'utf8').toString('utf8'), judged);
    return judged;
  };
}

/** The name may be percent-encoded. */
function judge(name: string): boolean {
  const words = decoded(name)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  if (words.length === 1 && SECRET_NAMES.has(words[0]!)) return true;
  return words.some((word) => SECRET_WORDS.has(word));
}

function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    // A name that nobody can decode is judged as it stands.
    return name;
  }
}
