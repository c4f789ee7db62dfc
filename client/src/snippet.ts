import { readDocument } from './natives.ts';

/**
 * The `data-` attributes of our script element, by their names in a `dataset`; each may be absent.
 * The first five stand on a personal page only, the others are constants of the configuration.
 */
export type Settings = {
  readonly [name in
    | 'token'
    /** The client key, 32 bytes in base64url. */
    | 'key'
    /** The server's clock when the token was made, epoch milliseconds. */
    | 'now'
    /** The token's life in seconds. */
    | 'ttl'
    | 'session'
    /** The one path to send to, in place of the page's own. */
    | 'collect'
    /** Present: run in frames too. */
    | 'frames'
    /** `visitor` (absent), `session` or `memory`. */
    | 'identity'
    /** Present: another hash is another page. */
    | 'hash'
    /** Present: nothing happens before consent is given. */
    | 'consent']?: string | undefined;
};

/**
 * Takes the script element and the pixel before it out of the document, at once: the parser then goes on
 * with the nodes that it would have had without us, and no framework finds anything to hydrate against.
 */
export function takeSnippet(): Settings | undefined {
  const script = readDocument('currentScript');
  if (!script) return undefined;
  const before = script.previousSibling as HTMLImageElement | null;
  if (before && /\/px\.gif\?.*auto=1/.test(before.src)) before.remove();
  script.remove();
  return (script as HTMLScriptElement).dataset as Settings;
}
