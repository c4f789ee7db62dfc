/**
 * The snippet: an img as fallback, then the script, with nothing between them. The script is the same bytes
 * for everyone; what varies stands in `data-` attributes. Everything is ASCII, every value is escaped.
 */
import { createHash } from 'node:crypto';

export type SnippetOptions = {
  /** The tracker: ASCII, without `</script` and `<!--`. */
  readonly script: string;
  /** In front of our own paths. */
  readonly pathPrefix: string;
  /** Path that events go to; empty: the page's own URL. */
  readonly collectUrl: string;
  readonly identity: 'visitor' | 'session' | 'memory';
  /** Changes of the hash are page views. */
  readonly trackHash: boolean;
  readonly frames: boolean;
  readonly consentRequired: boolean;
  /** INJECT_AT: where the snippet stands. */
  readonly injectAt: 'head' | 'tail';
};

/** What a personal page carries; never a shared one. */
export type Personal = {
  readonly token: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Seconds. */
  readonly ttl: number;
  readonly session: string | null;
};

export type Pixel = {
  /** `DOCID.MAC`. */
  readonly proof: string;
  readonly scheme: string;
  readonly host: string;
  /** Path and query of the page, as on the wire. */
  readonly target: string;
};

export type ScriptParts = {
  readonly nonce: string | null;
  readonly personal: Personal | null;
};

/** Either may be missing. A pixel alone stays in the document, hidden: nothing is there to take it out. */
export type SnippetParts = {
  readonly script: ScriptParts | null;
  readonly pixel: Pixel | null;
};

export type Snippet = {
  /** Hex: of the script and of everything else that is the same for everyone; part of ETags. */
  readonly version: string;
  /** The script's source expression in a policy, with quotes. */
  readonly hash: string;
  render(parts: SnippetParts): Buffer;
  /** What `render` makes but for the end of a script, `rest`, which is the same for every page. ASCII. */
  renderStart(parts: SnippetParts): string;
  readonly rest: Buffer;
};

const VERSION_DIGITS = 4;
/** As long as an event's url may be. */
const MAX_URL = 2048;

/** Throws if the script could not stand in a page. */
export function createSnippet(options: SnippetOptions): Snippet {
  const { script } = options;
  if (!/^[\x00-\x7f]*$/.test(script)) throw new Error('the tracker holds characters outside ASCII');
  if (/<\/script|<!--/i.test(script)) throw new Error('the tracker holds </script or <!--');
  const constants = constantAttributes(options);
  const rest = `${constants}>${script}</script>`;
  const version = createHash('sha256')
    .update(options.pathPrefix + rest + (options.injectAt === 'head' ? ' in the head' : ''))
    .digest('hex')
    .slice(0, VERSION_DIGITS);
  const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  const prefix = escaped(options.pathPrefix);
  const start = ({ script: parts, pixel }: SnippetParts) =>
    renderPixel(prefix, pixel) + (parts === null ? '' : renderScript(parts));
  return {
    version,
    hash,
    render: (parts) => Buffer.from(start(parts) + (parts.script === null ? '' : rest), 'latin1'),
    renderStart: start,
    rest: Buffer.from(rest, 'latin1'),
  };
}

function constantAttributes(options: SnippetOptions): string {
  return (
    (options.collectUrl === '' ? '' : attribute('data-collect', options.collectUrl)) +
    (options.frames ? ' data-frames' : '') +
    (options.identity === 'visitor' ? '' : attribute('data-identity', options.identity)) +
    (options.trackHash ? ' data-hash' : '') +
    (options.consentRequired ? ' data-consent' : '')
  );
}

function renderScript({ nonce, personal }: ScriptParts): string {
  return (
    '<script' +
    (nonce === null ? '' : attribute('nonce', nonce)) +
    (personal === null ? '' : personalAttributes(personal))
  );
}

function personalAttributes({ token, key, now, ttl, session }: Personal): string {
  return (
    attribute('data-token', token) +
    attribute('data-key', key) +
    ` data-now="${now}" data-ttl="${ttl}"` +
    (session === null ? '' : attribute('data-session', session))
  );
}

/** Whether a Host is a host: else a pixel's address would lead elsewhere, and there is none. */
export function mayCarryPixel(host: string): boolean {
  return HOST.test(host);
}

/** Nothing in it needs another escape: neither a host that is one, nor what encodeURIComponent leaves. */
function renderPixel(prefix: string, pixel: Pixel | null): string {
  if (pixel === null || !mayCarryPixel(pixel.host)) return '';
  const { proof, scheme, host, target } = pixel;
  const query = `e=pageview&amp;auto=1&amp;d=${encodeURIComponent(proof)}&amp;url=`;
  const url = encodeUrl(`${scheme}://${host}${target}`);
  return `<img src="//${host}${prefix}/px.gif?${query}${url}" width="1" height="1" alt="" hidden>`;
}

const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;

/**
 * The page's URL as a query value. Bytes over ASCII are percent-encoded first, as a browser does in a path:
 * taken as characters they would become other bytes. A URL that is too long is cut, not in mid-escape.
 */
function encodeUrl(url: string): string {
  const ascii = url.replace(
    /[^\x21-\x7e]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  if (ascii.length <= MAX_URL) return encodeURIComponent(ascii);
  return encodeURIComponent(ascii.slice(0, MAX_URL).replace(/%[0-9A-F]?$/i, ''));
}

/** In double quotes these four are all that could end the value or mean something else in it. */
function attribute(name: string, value: string): string {
  return ` ${name}="${escaped(value)}"`;
}

function escaped(value: string): string {
  return value.replace(/[&"<>]/g, (char) => ENTITIES[char]!);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };
