/**
 * `gotrack doctor [URL|/path] [--json] [--strict] [--address=IP]`: this environment's configuration against the
 * living origin, as a table with cures. Exit code 0: nothing wrong but notes and warnings; 1: an error (with
 * --strict a warning too); 2: wrong usage, or a configuration that cannot be used.
 */
import { createExamination } from '../app/examination.ts';
import { startWarnings } from '../app/start-warnings.ts';
import { type Config, FIELDS } from '../config/fields.ts';
import { type Loaded, loadConfig } from '../config/load.ts';
import { checkConfiguration } from '../doctor/checks/configuration.ts';
import { examine, type Finding } from '../doctor/doctor.ts';
import { type PageReading, readPageAddress } from '../doctor/page-address.ts';
import { jsonOf, type Report, reportOf } from '../doctor/report.ts';
import { tableOf } from '../doctor/table.ts';
import { normaliseAddress } from '../http/client-address.ts';
import { listeningUrl } from '../http/listening-url.ts';
import { systemClock } from '../lib/clock.ts';
import type { Context } from './context.ts';
import { versionOf } from './version.ts';

const TOTAL_MS = 60_000;
/** Where nobody sees the width. */
const PLAIN_COLUMNS = 100;

const USAGE = `gotrack doctor [URL|/path] [--json] [--strict] [--address=IP]

Checks the configuration of this environment against the living site, and says what to do. Without a URL it looks
at the origin behind FORWARD_DESTINATION: run it before you go live. With the URL of a page, as visitors call it, it
looks at the running instance and at what stands before it too. Give it the environment that the instance has.

  --json        one JSON document instead of the table
  --strict      warnings make exit code 1, as errors do
  --address=IP  the address by which the instance should see this machine, if a NAT stands between

It sends your site about twenty GET requests, one after another, as gotrack-doctor; with a URL one of them is a visit
through the running instance, which gives a document event. It writes nothing to your journal and your log.
Exit code: 0 nothing is wrong (notes and warnings may be there), 1 an error, 2 wrong usage or configuration.`;

type Usage =
  | { ok: true; page: string | undefined; json: boolean; strict: boolean; ownAddress: string | null }
  | { ok: false; problem: string };

export async function doctor(context: Context): Promise<number> {
  if ('help' in context.args.flags) {
    context.print(USAGE);
    return 0;
  }
  const usage = readUsage(context.args);
  if (!usage.ok) return refuse(context, usage.problem);
  const loaded = loadFor(context);
  const page = readPageAddress(usage.page, loaded.ok ? trialUrl(loaded.config) : 'http://localhost');
  if (!page.ok) return refuse(context, `${JSON.stringify(usage.page)} is no page: expected ${page.expected}`);
  const report = await diagnose(loaded, { ...usage, ...page, version: versionOf(context) });
  context.print(usage.json ? jsonOf(report) : tableFor(context, report));
  return report.exit_code;
}

export type Diagnosis = {
  page: Extract<PageReading, { ok: true }>['page'];
  strict: boolean;
  ownAddress: string | null;
  version: string;
};

export async function diagnose(loaded: Loaded, diagnosis: Diagnosis): Promise<Report> {
  const { page, strict, version } = diagnosis;
  const rows = checkConfiguration(loaded, loaded.ok ? startWarnings(loaded.config) : []);
  const findings: Finding[] = rows.map((row) => ({ ...row, check: 'configuration' }));
  const facts = { at: new Date(systemClock.now()).toISOString(), version, strict };
  if (!loaded.ok) return reportOf({ ...facts, page: null, origin: null, findings });
  const { config } = loaded;
  const signal = AbortSignal.timeout(TOTAL_MS);
  const examination = createExamination(config, diagnosis, { clock: systemClock, signal });
  try {
    findings.push(...(await examine(examination, signal)));
  } finally {
    await examination.trial.close();
  }
  return reportOf({ ...facts, page: page.url, origin: config.forwardDestination!.text, findings });
}

const OWN_FLAGS = ['json', 'strict', 'address'];

function readUsage({ flags, rest }: Context['args']): Usage {
  const words = [...rest];
  const isOn = (name: string) => {
    const value = flags[name];
    // `--json https://…`: the word behind a flag that takes none is the page.
    if (value !== undefined && !['true', 'false'].includes(value)) words.push(value);
    return value !== undefined && value !== 'false';
  };
  const [json, strict] = [isOn('json'), isOn('strict')];
  if (words.length > 1) return { ok: false, problem: 'one page at a time' };
  const { address } = flags;
  const ownAddress = address === undefined ? null : normaliseAddress(address);
  if (address !== undefined && ownAddress === null) {
    return { ok: false, problem: '--address expects an IP address' };
  }
  return { ok: true, page: words[0], json, strict, ownAddress };
}

function refuse({ printError }: Context, problem: string): number {
  printError(`gotrack: doctor: ${problem}\n\n${USAGE}`);
  return 2;
}

function loadFor({ env, args, readFile }: Context): Loaded {
  const flags = Object.fromEntries(Object.entries(args.flags).filter(([name]) => !OWN_FLAGS.includes(name)));
  return loadConfig({ env, flags, readFile, now: systemClock.now });
}

/** Where README's trial is called, if no visitor's URL is known. */
function trialUrl({ serverAddr }: Config): string {
  const host = serverAddr.host ?? '0.0.0.0';
  const port = serverAddr.port === 0 ? defaultPort() : serverAddr.port;
  return listeningUrl({ address: host, port, family: host.includes(':') ? 'IPv6' : 'IPv4' });
}

const defaultPort = () => Number(FIELDS.serverAddr.default.slice(1));

function tableFor({ columns, env }: Context, report: Report): string {
  const colours = columns !== null && !env.NO_COLOR;
  return `\n${tableOf(report, { columns: columns ?? PLAIN_COLUMNS, colours })}\n`;
}
