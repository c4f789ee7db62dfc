/** TEST_MODE: sample events into the store, once an instance, however many processes it has. */
import type { Config } from '../config/fields.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createEvents } from './events.ts';
import { tokensOf } from './secrets.ts';
import type { Store } from './store.ts';

export type SamplesDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  store: Pick<Store, 'append' | 'fill'>;
};

/** Never rejects: the log says what became of them. */
export async function recordSamples(config: Config, deps: SamplesDeps): Promise<void> {
  const { log, clock } = deps;
  if (!config.tracking) return log.warn('TEST_MODE: TRACKING=off records no sample events');
  try {
    const { collect } = createEvents(config, {
      ...deps,
      ...tokensOf(config, clock),
      isDraining: () => false,
    });
    const outcome = await collect.recordSamples();
    if (outcome.ok) log.info({ events: outcome.recorded }, 'TEST_MODE: sample events are in the journal');
    else log.error({ reason: outcome.reason }, 'TEST_MODE: the journal did not take the sample events');
  } catch (error) {
    log.error({ err: error }, 'TEST_MODE: a fault of ours');
  }
}
