import type { Clock } from '../lib/clock.ts';

/** Who is signed in, in memory: at most 1,000 sessions of an hour; the oldest makes room. */
export type Sessions = {
  /** Checks the demo account; returns a Set-Cookie value, or null where name or password is wrong. */
  signIn(name: string, password: string): string | null;
  /** The signed-in name as people write it, or null. */
  nameOf(cookies: ReadonlyMap<string, string>): string | null;
  /** Ends the session and returns the Set-Cookie value that removes it. */
  signOut(cookies: ReadonlyMap<string, string>): string;
};

export const DEMO_ACCOUNT = { name: 'wren', password: 'kettle', shownAs: 'Wren' } as const;

const COOKIE = 'shop_session';
const MAX_SESSIONS = 1000;
const LIFE_MS = 3_600_000;

type Deps = { clock: Clock; randomBytes: (size: number) => Buffer };

export function createSessions(deps: Deps): Sessions {
  const startedAt = new Map<string, number>();

  function signIn(name: string, password: string): string | null {
    if (name.trim().toLowerCase() !== DEMO_ACCOUNT.name || password !== DEMO_ACCOUNT.password) return null;
    const id = deps.randomBytes(18).toString('base64url');
    const oldest = startedAt.keys().next();
    if (startedAt.size >= MAX_SESSIONS && !oldest.done) startedAt.delete(oldest.value);
    startedAt.set(id, deps.clock.monotonic());
    return setCookie(id, LIFE_MS / 1000);
  }

  function nameOf(cookies: ReadonlyMap<string, string>): string | null {
    const started = startedAt.get(cookies.get(COOKIE) ?? '');
    if (started === undefined || deps.clock.monotonic() - started > LIFE_MS) return null;
    return DEMO_ACCOUNT.shownAs;
  }

  function signOut(cookies: ReadonlyMap<string, string>): string {
    startedAt.delete(cookies.get(COOKIE) ?? '');
    return setCookie('', 0);
  }

  return { signIn, nameOf, signOut };
}

function setCookie(id: string, maxAgeSeconds: number): string {
  return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}`;
}
