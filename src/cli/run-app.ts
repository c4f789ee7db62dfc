/** From a configuration to a running instance and back: listen, say what is on, wait, drain. */
import { createApp } from '../app.ts';
import type { Config } from '../config/fields.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog, type Logger } from '../telemetry/log.ts';
import { type Addresses, bannerOf } from './banner.ts';
import type { Context } from './context.ts';

/** `before` names, for people, what stands behind the proxy. */
export async function runApp(context: Context, config: Config, before: string): Promise<number> {
  const log = await logFor(context, config);
  const app = await createApp(config, { log, clock: systemClock, runtime: context.runtime });
  const listening = await listenOrExplain(context, app);
  if (listening === null) {
    await app.close();
    return 1;
  }
  log.info(listening, 'listening');
  if (context.terminal) context.printError(bannerOf(config, before, listening));
  context.onHangUp(() => app.reload());
  const signal = await context.stopSignal();
  log.info({ signal, drain_ms: config.drainMs }, 'stopping');
  await app.close();
  log.info('stopped');
  return 0;
}

async function logFor(context: Context, config: Config): Promise<Logger> {
  if (!context.terminal) return createLog({ level: config.logLevel });
  const { prettyDestination } = await import('../telemetry/pretty.ts');
  return createLog({ level: config.logLevel, destination: prettyDestination() });
}

async function listenOrExplain(
  context: Context,
  app: { listen(): Promise<Addresses> },
): Promise<Addresses | null> {
  try {
    return await app.listen();
  } catch (error) {
    const { code, address, port, message } = error as NodeJS.ErrnoException & {
      address?: string;
      port?: number;
    };
    const where = `${address ?? ''}:${port ?? ''}`;
    const why = code === 'EADDRINUSE' ? `${where} is in use by another program` : message;
    context.printError(`gotrack: cannot listen: ${why}. Set SERVER_ADDR or METRICS_ADDR to another address.`);
    return null;
  }
}
