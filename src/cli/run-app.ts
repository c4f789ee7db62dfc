/** From a configuration to a running instance and back: listen, say what is on, wait, drain. */
import type { ParentChannel } from '../app/workers/messages.ts';
import { createApp } from '../app.ts';
import type { Config } from '../config/fields.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { type Addresses, bannerOf } from './banner.ts';
import type { Context } from './context.ts';
import { logFor } from './log-for.ts';

/** `before` names, for people, what stands behind the proxy. */
export async function runApp(context: Context, config: Config, before: string): Promise<number> {
  const stopped = context.stopSignal(); // from here on a signal is an orderly stop
  const log = await logFor(context, config.logLevel);
  context.onFault((fault) =>
    log.error({ err: fault }, 'a fault of ours that nobody caught; the site is served on'),
  );
  const reloads = createReloads(context);
  const app = await createApp(config, { log, clock: systemClock, runtime: context.runtime });
  const listening = await listenOrExplain(context, config, app);
  if (listening === null) {
    await app.close();
    context.runtime.parent?.leave();
    return 1;
  }
  const { parent } = context.runtime;
  if (parent === undefined) sayListening({ context, config, log }, before, listening);
  reloads.goTo(app.reload);
  const signal = await (parent === undefined ? stopped : Promise.race([stopped, stoppedBy(parent)]));
  log.info({ signal, drain_ms: config.drainMs }, 'stopping');
  await app.close();
  log.info('stopped');
  parent?.leave();
  return 0;
}

type Saying = { context: Context; config: Config; log: Logger };

function sayListening({ context, config, log }: Saying, before: string, listening: Addresses): void {
  log.info({ ...listening, ...factsOf(config) }, 'listening');
  if (context.terminal) context.printError(bannerOf(config, before, listening));
}

/** A worker stops when the first process says so or is gone. */
function stoppedBy(parent: ParentChannel): Promise<string> {
  return new Promise((resolve) => {
    parent.onMessage(({ kind }) => {
      if (kind === 'stop') resolve('asked by the first process');
    });
    parent.onClose(() => resolve('the first process is gone'));
  });
}

/** A SIGHUP that comes before there is anything to reload must not end the process, which is what it does unheard. */
function createReloads(context: Context) {
  let reload = () => {};
  context.onHangUp(() => reload());
  return {
    goTo(next: () => void) {
      reload = next;
    },
  };
}

/** What the banner tells a person, for the log of an instance that nobody watches. */
function factsOf(config: Config) {
  return {
    origin: config.forwardDestination?.text,
    sinks: config.outputs.map(({ name }) => name),
    events: config.logPath,
    journal: config.journalDir,
    tracking: config.tracking ? 'on' : 'off',
    consent: config.consent,
    addresses: config.ipHashSecret === undefined ? 'stored' : 'hashed',
  };
}

async function listenOrExplain(
  context: Context,
  config: Config,
  app: { listen(): Promise<Addresses> },
): Promise<Addresses | null> {
  try {
    return await app.listen();
  } catch (error) {
    const { code, address, port, message } = error as NodeJS.ErrnoException & {
      address?: string;
      port?: number;
    };
    // In a worker the first process says it, once for all.
    if (context.runtime.parent !== undefined) return null;
    const where = `${address ?? ''}:${port ?? ''}`;
    const why = code === 'EADDRINUSE' ? `${where} is in use` : message;
    context.printError(`gotrack: cannot listen: ${why}. Set ${variableOf(config, port)} to another address.`);
    return null;
  }
}

/** Which of the two listeners could not be had. */
function variableOf({ serverAddr, metricsAddr, metricsEnabled }: Config, port: number | undefined): string {
  if (!metricsEnabled || (port === serverAddr.port && port !== metricsAddr.port)) return 'SERVER_ADDR';
  return port === serverAddr.port ? 'SERVER_ADDR or METRICS_ADDR (they share a port)' : 'METRICS_ADDR';
}
