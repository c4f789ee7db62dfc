#!/usr/bin/env node
/** Environment and arguments in, exit code out: the only user of `process`. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArguments } from './cli/arguments.ts';

// More threads than the two that a hanging disk may hold (journal), set before anything starts the pool.
process.env.UV_THREADPOOL_SIZE ??= '16';

const EXIT_PATIENCE_MS = 1000;

const { run } = await import('./cli/run.ts');
const { forkWorker, parentChannel } = await import('./app/workers/cluster.ts');

// Our timers hold no process; a command that waits is not over all the same.
const awake = setInterval(() => {}, 2 ** 30);

process.exitCode = await run({
  args: parseArguments(process.argv.slice(2)),
  env: process.env,
  terminal: process.stderr.isTTY === true,
  columns: process.stdout.isTTY === true ? process.stdout.columns : null,
  print: (text) => void process.stdout.write(`${text}\n`),
  outputClosed: () => new Promise((resolve) => process.stdout.on('error', () => resolve())),
  printError: (text) => void process.stderr.write(`${text}\n`),
  readFile: (path) => readFileSync(path, 'utf8'),
  runtime: {
    owner: `pid ${process.pid} on ${hostname()}`,
    writeOut: (bytes, done) => void process.stdout.write(bytes, done),
    fork: forkWorker,
    parent: parentChannel(),
  },
  stopSignal: () =>
    new Promise((resolve) => {
      process.once('SIGTERM', resolve);
      process.once('SIGINT', resolve);
    }),
  onFault: (listener) => {
    process.on('uncaughtException', listener);
    process.on('unhandledRejection', listener);
  },
  onHangUp: (listener) => void process.on('SIGHUP', listener),
});

clearInterval(awake);

// A call to a disk that hangs would keep the process alive for ever.
setTimeout(() => process.exit(), EXIT_PATIENCE_MS).unref();
