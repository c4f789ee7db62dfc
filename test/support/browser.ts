import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/**
 * A real Chromium for tests: `CHROMIUM_PATH`, else the system's, else the one that npm brings
 * (`@sparticuz/chromium`, unpacked into the temporary folder at its first use).
 *
 * A machine may lack the libraries that any of them needs. Then there is a reason instead of a browser,
 * and the tests skip with it, visibly. `GOTRACK_TEST_REQUIRE=1` in the environment turns that skip into a
 * failure: for places where a skipped browser test must not pass for a green one.
 */
export type BrowserStart =
  | { kind: 'started'; browser: Browser; executable: string }
  | { kind: 'absent'; reason: string };

export type BrowserOptions = {
  /** More flags for this browser. */
  args?: string[];
  /** Names that resolve to this machine, so that a page has an address that is not localhost. */
  hosts?: string[];
  /** Keeps Chromium's back/forward cache, which playwright switches off. */
  backForwardCache?: boolean;
};

const SYSTEM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** For root in a container, and for a network that reaches nothing but this machine. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The caller closes the browser. Throws only where `GOTRACK_TEST_REQUIRE=1` forbids being without one. */
export async function startBrowser(options: BrowserOptions = {}): Promise<BrowserStart> {
  const reasons: string[] = [];
  for (const find of candidates()) {
    try {
      const executable = await find();
      return { kind: 'started', browser: await launch(executable, options), executable };
    } catch (error) {
      reasons.push(firstLines(error));
    }
  }
  const reason = `no Chromium runs here: ${reasons.join(' | ')}`;
  if (process.env.GOTRACK_TEST_REQUIRE === '1') throw new Error(reason);
  return { kind: 'absent', reason };
}

/** The value of a test's or suite's `skip` option. */
export function skipReason(start: BrowserStart): string | false {
  return start.kind === 'absent' ? start.reason : false;
}

/** A path that somebody set is meant: where it does not run, none of the others is tried in its place. */
function candidates(): (() => string | Promise<string>)[] {
  const wanted = process.env.CHROMIUM_PATH;
  if (wanted) return [() => wanted];
  return [...SYSTEM_PATHS.filter((path) => existsSync(path)).map((path) => () => path), unpackFromNpm];
}

async function unpackFromNpm(): Promise<string> {
  const { default: packed } = await import('@sparticuz/chromium');
  return packed.executablePath();
}

async function launch(executablePath: string, options: BrowserOptions): Promise<Browser> {
  const rules = (options.hosts ?? []).map((name) => `MAP ${name} 127.0.0.1`).join(',');
  const launching = {
    executablePath,
    args: [
      ...FLAGS,
      ...(rules === '' ? [] : [`--host-resolver-rules=${rules}`]),
      ...(options.backForwardCache ? ['--enable-features=BackForwardCache'] : []),
      ...(options.args ?? []),
    ],
    ignoreDefaultArgs: options.backForwardCache ? ['--disable-back-forward-cache'] : [],
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await chromium.launch(launching);
    } catch (error) {
      // Another test process may be writing the npm browser at this moment: it is there, but not yet whole.
      if (attempt === 30 || !/ETXTBSY|ENOEXEC|text file busy/i.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').filter((line) => /\S/.test(line));
  const library = lines.find((line) => /shared librar/i.test(line));
  return [lines[0], library].filter(Boolean).join(' ').slice(0, 300);
}
