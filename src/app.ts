/**
 * Builds the parts from a configuration and joins the rooms: each is handed what it needs of its neighbours as
 * functions, so no room knows another.
 */
import { randomUUIDv7 } from 'node:crypto';
import { createCertificateReload } from './app/certificate-reload.ts';
import { createEvents } from './app/events.ts';
import { createOperator } from './app/operator.ts';
import { type Phase, readinessOf, withoutErrors } from './app/readiness.ts';
import type { Runtime } from './app/runtime.ts';
import { createSite } from './app/site.ts';
import { startWarnings } from './app/start-warnings.ts';
import type { Config } from './config/fields.ts';
import { listeningUrl } from './http/listening-url.ts';
import type { Clock } from './lib/clock.ts';
import { nodeFs } from './lib/fs.ts';
import type { Logger } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createTokens } from './token/tokens.ts';

export type AppDeps = { log: Logger; clock: Clock; runtime: Runtime };

export type App = {
  /** Resolves with the URLs when visitors are served; rejects where an address cannot be had. */
  listen(): Promise<{ site: string; admin: string | null }>;
  /** Reopens the log file and reads the certificate again (SIGHUP). */
  reload(): void;
  /** Lets exchanges finish, syncs what was accepted, gives the sinks a moment, and stops. */
  close(): Promise<void>;
};

export async function createApp(config: Config, { log, clock, runtime }: AppDeps): Promise<App> {
  const metrics = createMetrics({ processMetrics: config.metricsEnabled });
  for (const warning of startWarnings(config)) log.warn(warning);
  let phase: Phase = 'starting';
  let siteUrl: string | null = null;

  const secrets = config.hmacSecrets ?? [{ kid: '0', secret: config.hmacSecret! }];
  const tokens = createTokens(
    { secrets, ttlSeconds: config.hmacTokenTtlSeconds },
    { clock, uuidV7: randomUUIDv7 },
  );
  const events = await createEvents(config, {
    clock,
    log,
    metrics,
    tokens,
    secrets,
    isDraining: () => phase === 'draining',
    runtime,
  });
  const readiness = () => readinessOf({ phase, ...events.report(), strict: config.readySinks === 'all' });
  const site = createSite(config, {
    ...{ clock, log, metrics, tokens },
    collect: events.collect,
    consentOf: ({ clientReq }) => events.consentOf(clientReq.rawHeaders),
    readiness: () => withoutErrors(readiness()),
  });
  const certificate =
    config.keyPair &&
    createCertificateReload(
      { certFile: config.sslCertFile, keyFile: config.sslKeyFile, keyPair: config.keyPair },
      { fs: nodeFs, clock, log, use: site.setKeyPair },
    );
  const operator = config.metricsEnabled
    ? createOperator(config, { ...{ clock, log, metrics, readiness }, ...events, siteUrl: () => siteUrl })
    : null;

  async function listen() {
    const admin = operator && listeningUrl(await operator.listen());
    siteUrl = listeningUrl(await site.listen(), config.enableHttps ? 'https' : 'http');
    phase = 'serving';
    return { site: siteUrl, admin };
  }

  async function close(): Promise<void> {
    phase = 'draining';
    certificate?.stop();
    await site.close();
    await events.close();
    await operator?.close();
  }

  function reload(): void {
    events.reload();
    void certificate?.look();
  }

  return { listen, reload, close };
}
