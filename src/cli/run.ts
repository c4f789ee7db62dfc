/** From the first word to its command. Commands are loaded when they are asked for. */
import type { Command, Context } from './context.ts';

type Entry = {
  summary: string;
  /** `--help` behind it is its own to answer. */
  explains?: true;
  load(): Promise<Command>;
};

const COMMANDS: Record<string, Entry> = {
  start: {
    summary: 'serve where FORWARD_DESTINATION is set, else demo (the default)',
    load: async () => (await import('./start.ts')).start,
  },
  serve: {
    summary: 'the proxy before your site',
    load: async () => (await import('./serve.ts')).serve,
  },
  demo: {
    summary: 'a small shop of our own behind the proxy, and the live view',
    load: async () => (await import('./demo.ts')).demo,
  },
  doctor: {
    summary: 'checks this configuration against your site: gotrack doctor [URL|/path] [--json] [--strict]',
    explains: true,
    load: async () => (await import('./doctor.ts')).doctor,
  },
  healthcheck: {
    summary: 'exit code 0 if a running instance is healthy: for containers without a shell',
    load: async () => (await import('./healthcheck.ts')).healthcheck,
  },
  migrate: {
    summary: 'makes the table of PG_TABLE, or adds what an older one lacks: gotrack migrate [--dry-run]',
    explains: true,
    load: async () => (await import('./migrate.ts')).migrate,
  },
  tail: {
    summary: 'shows events as they come: gotrack tail [--type NAME] [--url TEXT] [--since TIME] [--json]',
    explains: true,
    load: async () => (await import('./tail.ts')).tail,
  },
  validate: {
    summary: 'holds each line of a file to the schema of an event: gotrack validate FILE',
    explains: true,
    load: async () => (await import('./validate.ts')).validate,
  },
  replay: {
    summary: 'sends dead letters, or kept events, to the sinks again: gotrack replay FILE | --since TIME',
    explains: true,
    load: async () => (await import('./replay.ts')).replay,
  },
  schema: {
    summary: 'the JSON Schema of an event',
    load: async () => (await import('./schema.ts')).schema,
  },
  help: {
    summary: 'this text',
    load: async () => help,
  },
  version: {
    summary: 'the version',
    load: async () => (await import('./version.ts')).version,
  },
};

export async function run(context: Context): Promise<number> {
  const { command, flags } = context.args;
  const name = 'version' in flags ? 'version' : command || 'start';
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (('help' in flags && !entry?.explains) || command === '-h') return help(context);
  if (entry === undefined) {
    context.printError(`gotrack: ${JSON.stringify(name)} is no command; see gotrack help`);
    return 2;
  }
  return (await entry.load())(context);
}

const help: Command = async ({ print }) => {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`);
  print(`gotrack [command] [--variable value …]

${lines.join('\n')}

Every variable of README is a flag too: SERVER_ADDR is --server-addr. Secrets are read from the environment or
from NAME_FILE only. --config gotrack.yaml (or GOTRACK_CONFIG) names a file of variables; environment and flags win.`);
  return 0;
};
