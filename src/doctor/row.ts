/** What a check says: one finding, and what to do about it. */

/** `skipped`: it could not be looked at, or there is nothing to look at; `found` says why. */
export type Level = 'ok' | 'note' | 'warning' | 'error' | 'skipped';

export const LEVELS: readonly Level[] = ['ok', 'note', 'warning', 'error', 'skipped'];

export type Row = {
  /** What was looked at, a few words. */
  readonly name: string;
  readonly level: Level;
  /** One line for people. May quote what a server said; never a secret, a token or a key. */
  readonly found: string;
  /** What to do, one line; null where nothing needs to be done. */
  readonly cure: string | null;
};

export const ok = (name: string, found: string): Row => ({ name, level: 'ok', found, cure: null });
export const skipped = (name: string, found: string): Row => ({ name, level: 'skipped', found, cure: null });

export const note = (name: string, found: string, cure: string | null = null): Row => ({
  ...{ name, level: 'note', found, cure },
});

export const warning = (name: string, found: string, cure: string): Row => ({
  ...{ name, level: 'warning', found, cure },
});

export const error = (name: string, found: string, cure: string): Row => ({
  ...{ name, level: 'error', found, cure },
});
