/** CONSENT_COOKIE: the site's own consent cookie, and what each of its values grants. */
export type ConsentCookie = {
  readonly name: string;
  /** By the cookie's value; a value that is not here denies both purposes. */
  readonly grants: ReadonlyMap<string, ConsentGrants>;
};

export type ConsentGrants = { readonly analytics: boolean; readonly security: boolean };

/**
 * Reads `name; yes=analytics+security; necessary=security; none=`. Null where it is no such text: no name, no
 * value, or a purpose that does not exist.
 */
export function parseConsentCookie(text: string): ConsentCookie | null {
  const [name = '', ...entries] = text.split(';').map((part) => part.trim());
  const grants = new Map<string, ConsentGrants>();
  for (const entry of entries) {
    // The last sign: a value may hold one itself, a list of purposes cannot.
    const equals = entry.lastIndexOf('=');
    const granted = equals > 0 ? parsePurposes(entry.slice(equals + 1)) : null;
    if (granted === null) return null;
    grants.set(entry.slice(0, equals).trim(), granted);
  }
  return /^[^\s=;,"]+$/.test(name) && grants.size > 0 ? { name, grants } : null;
}

function parsePurposes(text: string): ConsentGrants | null {
  const purposes = text.split('+').map((purpose) => purpose.trim());
  const known = purposes.every((purpose) => purpose === 'analytics' || purpose === 'security');
  if (!known && text.trim() !== '') return null;
  return { analytics: purposes.includes('analytics'), security: purposes.includes('security') };
}
