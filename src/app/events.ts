/** The way of an event up to the journal: privacy and collection, put together from the configuration. */
import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { type Collect, createCollect } from '../collect/collect.ts';
import type { Config } from '../config/fields.ts';
import { createEnrich } from '../enrich/enrich.ts';
import { readExclusions } from '../event/exclude.ts';
import type { Clock } from '../lib/clock.ts';
import { createPrivacy, type Privacy } from '../privacy/privacy.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { deriveSecret, type HmacSecret } from '../token/key-ring.ts';
import type { Tokens } from '../token/tokens.ts';
import { readScripts } from './scripts.ts';
import type { Store } from './store.ts';

export type EventsDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  tokens: Tokens;
  secrets: readonly HmacSecret[];
  store: Pick<Store, 'append' | 'fill'>;
  isDraining(): boolean;
};

export type Events = { collect: Collect; consentOf: Privacy['consentOf'] };

export function createEvents(config: Config, deps: EventsDeps): Events {
  const privacy = privacyOf(config, deps.secrets);
  return { collect: collectFor(config, { ...deps, privacy }), consentOf: privacy.consentOf };
}

function privacyOf(config: Config, secrets: readonly HmacSecret[]): Privacy {
  const userIdSecret = config.userIdSecret ?? deriveSecret(secrets, 'user-id');
  return createPrivacy({
    mode: config.consent,
    cookie: config.consentCookie ?? null,
    respectGpc: config.respectGpc,
    respectDnt: config.respectDnt,
    ipHashSecret: config.ipHashSecret,
    ipHashDaily: config.ipHashDaily,
    userIdSecret: config.anonymizeUserIds ? userIdSecret : undefined,
    scrub: config.scrub,
  });
}

function collectFor(config: Config, parts: EventsDeps & { privacy: Privacy }): Collect {
  const { clock, log, metrics, tokens, isDraining, store, privacy } = parts;
  const { rateCollect, rateHello, ratePixel, rateDocument } = config;
  return createCollect(
    {
      tracking: config.tracking,
      collectPath: `${config.pathPrefix}/collect`,
      maxBodyBytes: config.maxBodyBytes,
      ipBinding: config.hmacIpBinding,
      hmacRequire: config.hmacRequire,
      ingestToken: config.ingestToken ?? null,
      corsOrigins: config.corsOrigins,
      rates: { collect: rateCollect, hello: rateHello, pixel: ratePixel, document: rateDocument },
      exclusions: readExclusions(config.eventsExclude),
    },
    {
      ...{ clock, log, metrics, tokens, privacy, isDraining },
      uuidV4: randomUUID,
      uuidV7: randomUUIDv7,
      append: async (records) => {
        const outcome = await store.append(records);
        if (!outcome.ok) metrics.journalRefusals.inc({ reason: outcome.reason });
        return outcome;
      },
      fill: store.fill,
      scripts: readScripts(config),
      enrich: createEnrich({ scrubParameter: privacy.scrub.parameter }),
    },
  );
}
