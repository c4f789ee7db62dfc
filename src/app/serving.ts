/** What serves visitors: the site and the collection of events before a store, in one process or in each of several. */
import type { Config } from '../config/fields.ts';
import { listeningUrl } from '../http/listening-url.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createCertificateReload } from './certificate-reload.ts';
import { createEvents } from './events.ts';
import { type Phase, type ReadinessAnswer, readinessOf, withoutErrors } from './readiness.ts';
import { tokensOf } from './secrets.ts';
import { createSite } from './site.ts';
import type { Store } from './store.ts';

export type ServingDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  store: Pick<Store, 'append' | 'fill' | 'report'>;
};

export type Serving = {
  /** Resolves with the site's URL when visitors are served. */
  listen(): Promise<string>;
  readiness(): ReadinessAnswer;
  /** Reads the certificate again. */
  reload(): void;
  /** Lets exchanges finish for DRAIN_MS. */
  close(): Promise<void>;
};

export function createServing(config: Config, { clock, log, metrics, store }: ServingDeps): Serving {
  let phase: Phase = 'starting';
  const { secrets, tokens } = tokensOf(config, clock);
  const events = createEvents(config, {
    ...{ clock, log, metrics, tokens, secrets, store },
    isDraining: () => phase === 'draining',
  });
  const readiness = () => readinessOf({ phase, ...store.report(), strict: config.readySinks === 'all' });
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
  return {
    async listen() {
      const url = listeningUrl(await site.listen(), config.enableHttps ? 'https' : 'http');
      phase = 'serving';
      return url;
    },
    readiness,
    reload: () => void certificate?.look(),
    async close() {
      phase = 'draining';
      certificate?.stop();
      await site.close();
    },
  };
}
