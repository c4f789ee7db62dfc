import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';

/**
 * Builds what browsers run: `dist/tracker.js`, which the proxy writes into pages, one script for everybody, with
 * `dist/tracker.json`, what the proxy has to know of it; and the scripts that pages may fetch: `hmac.js`, `pixel.js`
 * and `pixel.esm.js`. Run as a program it prints one line, and fails if a script has outgrown its budget, or the
 * tracker could not stand inside a `<script>` element.
 */
export type TrackerFacts = {
  /** 8 hexadecimal digits of the script's SHA-256. */
  version: string;
  /** The script's SHA-256 in base64, as a Content-Security-Policy names it: `'sha256-…'`. */
  sha256: string;
  bytes: number;
  /** Bytes after `gzip -9`. */
  gzip: number;
};

type Script = {
  name: string;
  format: 'iife' | 'esm';
  /** Where its events go: the page's own origin, or that of the script (`standalone`). */
  origin: string;
  /** After gzip. */
  maxBytes: number;
};

const PAGE = 'location.origin';
const SCRIPT = 'GOTRACK_SETTINGS.origin';

/** The tracker, core with signals, rides on every page. */
const TRACKER: Script = { name: 'index', format: 'iife', origin: PAGE, maxBytes: 5 * 1024 };
const FETCHED: Script[] = [
  { name: 'hmac', format: 'iife', origin: PAGE, maxBytes: 2 * 1024 },
  { name: 'pixel', format: 'iife', origin: SCRIPT, maxBytes: 5.5 * 1024 },
  { name: 'pixel.esm', format: 'esm', origin: SCRIPT, maxBytes: 5.5 * 1024 },
];

/**
 * Members of our own objects, which the build shortens. They must be nobody else's: no name of the browser's
 * that we use, none of the event's, and none that is kept in storage and read by a later version.
 */
const OWN_MEMBERS = [
  'address',
  'adopt',
  'announced',
  'begin',
  'choose',
  'current',
  'drop',
  'end',
  'enqueue',
  'forget',
  'isFresh',
  'leave',
  'mayAnalyse',
  'mayProtect',
  'nextGroups',
  'nextOfSession',
  'ownFacts',
  'recall',
  'record',
  'retain',
  'signBody',
  'turn',
];

const here = import.meta.dirname;
const source = join(here, 'src');
const output = join(here, 'dist');
const script = join(output, 'tracker.js');
const facts = join(output, 'tracker.json');
const fetched = FETCHED.map(({ name }) => join(output, `${name}.js`));

/** Returns at once when nothing has changed since the last build. Throws where the result may not be used. */
export async function buildTracker(): Promise<TrackerFacts> {
  if (isCurrent()) return JSON.parse(readFileSync(facts, 'utf8'));
  const text = await bundle(TRACKER);
  refuseInline(text);
  const found = describe(text);
  const others = await Promise.all(FETCHED.map(bundle));
  mkdirSync(output, { recursive: true });
  for (const [i, other] of others.entries()) replaceFile(fetched[i]!, other);
  replaceFile(script, text);
  replaceFile(facts, JSON.stringify(found));
  return found;
}

async function bundle({ name, format, origin, maxBytes }: Script): Promise<string> {
  const result = await build({
    ...OPTIONS,
    entryPoints: [join(source, `${name}.ts`)],
    format,
    define: { COLLECT_ORIGIN: origin },
  });
  const text = result.outputFiles[0]!.text.trim();
  const { gzip } = describe(text);
  if (gzip > maxBytes) throw new Error(`${name}: ${gzip} bytes after gzip, over its ${maxBytes}`);
  return text;
}

const OPTIONS = {
  bundle: true,
  write: false,
  minify: true,
  target: 'es2020',
  charset: 'ascii',
  mangleProps: new RegExp(`^(${OWN_MEMBERS.join('|')})$`),
  // A script of its own needs no directive of 13 bytes.
  tsconfigRaw: { compilerOptions: { alwaysStrict: false } },
  legalComments: 'none',
  logLevel: 'silent',
} as const satisfies BuildOptions;

function isCurrent(): boolean {
  try {
    const names = readdirSync(source, { recursive: true, encoding: 'utf8' });
    const inputs = [import.meta.filename, ...names.map((name) => join(source, name))];
    // Folders count too, since a file that was taken away changes only its folder.
    const newest = Math.max(...inputs.map((path) => statSync(path).mtimeMs));
    return Math.min(...[script, facts, ...fetched].map((path) => statSync(path).mtimeMs)) > newest;
  } catch {
    // Not built yet.
    return false;
  }
}

function describe(text: string): TrackerFacts {
  const digest = createHash('sha256').update(text).digest();
  return {
    version: digest.toString('hex').slice(0, 8),
    sha256: digest.toString('base64'),
    bytes: text.length,
    gzip: gzipSync(text, { level: 9 }).length,
  };
}

function refuseInline(text: string): void {
  const unfit = /[^\n -~]|<\/script|<!--|<script/i.exec(text);
  if (unfit) throw new Error(`tracker: ${JSON.stringify(unfit[0])} cannot stand in an inline script`);
}

/** Whole or not at all: tests and servers may read it at this moment. */
function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

if (import.meta.main) {
  const { version, bytes, gzip } = await buildTracker();
  console.log(`tracker ${version}: ${bytes} bytes, ${gzip} after gzip of ${TRACKER.maxBytes}`);
}
