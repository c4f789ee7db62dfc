/** The way of an event: collection before the journal, the journal, and the sinks behind it. */
import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { type Collect, createCollect } from '../collect/collect.ts';
import type { Config } from '../config/fields.ts';
import { readExclusions } from '../event/exclude.ts';
import type { Journal, JournalOptions } from '../journal/journal.ts';
import { keepOpen } from '../journal/keep-open.ts';
import { takeLock } from '../journal/lock.ts';
import { openJournal } from '../journal/open-journal.ts';
import { sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import { createPrivacy, type Privacy } from '../privacy/privacy.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { deriveSecret, type HmacSecret } from '../token/key-ring.ts';
import type { Tokens } from '../token/tokens.ts';
import { startDeliveries } from './delivery.ts';
import type { JournalReport, SinkReport } from './readiness.ts';
import type { Runtime } from './runtime.ts';

export type EventsDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  tokens: Tokens;
  secrets: readonly HmacSecret[];
  isDraining(): boolean;
  runtime: Runtime;
};

export type Events = {
  collect: Collect;
  consentOf: Privacy['consentOf'];
  subscribe: Journal['subscribe'];
  journalBytes(): number;
  report(): { journal: JournalReport; sinks: Record<string, SinkReport> };
  reload(): void;
  /** Syncs what was accepted and gives the sinks a moment; what is left stays in the journal. */
  close(): Promise<void>;
};

/** A disk that does not answer at the start must not keep the site from being served. */
const OPEN_PATIENCE_MS = 5000;
const DELIVERY_DEADLINE_MS = 1500;
const HOUR_MS = 3_600_000;

export async function createEvents(config: Config, deps: EventsDeps): Promise<Events> {
  const { clock, log, metrics, secrets, runtime } = deps;
  const journal = await openTheJournal(config, deps);
  const deliveries = startDeliveries(config, { clock, log, metrics, journal, runtime });
  const privacy = privacyOf(config, secrets);
  const collect = collectFor(config, { ...deps, journal, privacy });
  return {
    collect,
    consentOf: privacy.consentOf,
    subscribe: journal.subscribe,
    journalBytes: () => journal.stats().bytes,
    report: () => ({ journal: reportOf(journal), sinks: deliveries.report() }),
    reload: deliveries.reopen,
    close: async () => {
      await deliveries.close(DELIVERY_DEADLINE_MS);
      await journal.close();
    },
  };
}

async function openTheJournal(config: Config, deps: EventsDeps): Promise<Journal> {
  const { clock, log, metrics } = deps;
  const options: JournalOptions = {
    dir: config.journalDir,
    maxBytes: config.journalMaxBytes,
    sync: config.journalSync,
    keepMs: config.journalKeepHours * HOUR_MS,
    outputs: config.outputs.map(({ name }) => name),
    owner: deps.runtime.owner,
  };
  const common = { log, sleep, random: Math.random };
  const journalMetrics = {
    syncSeconds: (seconds: number) => metrics.journalSyncSeconds.observe(seconds),
    damagedBytes: (bytes: number) => metrics.journalDamagedBytes.inc(bytes),
  };
  const open = () =>
    openJournal(options, { ...common, fs: nodeFs, clock, takeLock, metrics: journalMetrics });
  const { journal, firstAttempt } = keepOpen(open, common);
  const outcome = await Promise.race([firstAttempt, sleep(OPEN_PATIENCE_MS)]);
  if (outcome === undefined) {
    log.error(
      { dir: config.journalDir },
      'JOURNAL_DIR does not open: the disk does not answer. Events are refused until it does',
    );
  }
  return journal;
}

function reportOf(journal: Journal): JournalReport {
  const state = journal.state();
  const error = state.kind === 'unavailable' ? { error: state.reason } : {};
  return { state: state.kind, used: journal.fill(), ...error };
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

type CollectParts = EventsDeps & { journal: Journal; privacy: Privacy };

function collectFor(config: Config, parts: CollectParts): Collect {
  const { clock, log, metrics, tokens, isDraining, journal, privacy } = parts;
  const { rateCollect, rateHello, ratePixel, rateDocument } = config;
  return createCollect(
    {
      tracking: config.tracking,
      collectPath: `${config.pathPrefix}/collect`,
      maxBodyBytes: config.maxBodyBytes,
      ipBinding: config.hmacIpBinding,
      corsOrigins: config.corsOrigins,
      rates: { collect: rateCollect, hello: rateHello, pixel: ratePixel, document: rateDocument },
      exclusions: readExclusions(config.eventsExclude),
    },
    {
      ...{ clock, log, metrics, tokens, privacy, isDraining },
      uuidV4: randomUUID,
      uuidV7: randomUUIDv7,
      append: async (records) => {
        const outcome = await journal.append(records);
        if (!outcome.ok) metrics.journalRefusals.inc({ reason: outcome.reason });
        return outcome;
      },
      fill: journal.fill,
    },
  );
}
