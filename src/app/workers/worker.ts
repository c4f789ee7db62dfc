/** One of several processes that serve visitors (WORKERS). It ends when the first process does. */
import { platform } from 'node:os';
import type { Config } from '../../config/fields.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import type { App } from '../instance.ts';
import { createServing, type Serving } from '../serving.ts';
import type { ListenError, ParentChannel } from './messages.ts';
import { createRemoteStore } from './remote-store.ts';

export type WorkerDeps = { log: Logger; clock: Clock; parent: ParentChannel };

export function createWorker(config: Config, { log, clock, parent }: WorkerDeps): App {
  const metrics = createMetrics({ processMetrics: config.metricsEnabled });
  const store = createRemoteStore(parent, clock.monotonic);
  const begun = Promise.withResolvers<number>();
  let serving: Serving | null = null;

  parent.onMessage((message) => {
    if (message.kind === 'appended') store.take(message);
    if (message.kind === 'begin' || message.kind === 'status') store.learn(message.store);
    if (message.kind === 'begin') begun.resolve(message.port);
    if (message.kind === 'reload') serving?.reload();
    if (message.kind === 'collect-metrics') void sendMetrics(message.id);
  });

  async function sendMetrics(id: number) {
    parent.send({ kind: 'metrics', id, snapshot: await metrics.snapshot() });
  }

  return {
    async listen() {
      serving = createServing(shareOf(config, await begun.promise), { clock, log, metrics, store });
      try {
        const url = await serving.listen();
        parent.send({ kind: 'listening', url });
        return { site: url, admin: null };
      } catch (error) {
        parent.send({ kind: 'failed', error: listenErrorOf(error as ListenError) });
        throw error;
      }
    },
    reload: () => serving?.reload(),
    async close() {
      await serving?.close();
      await store.close();
    },
  };
}

/** What one of several processes has of the configuration: the same address, and its part of the connections. */
function shareOf(config: Config, port: number): Config {
  return {
    ...config,
    // Elsewhere than on Linux the first process deals them out, as node does it.
    serverAddr: { ...config.serverAddr, port, ...(platform() === 'linux' && { reusePort: true }) },
    maxConnections: Math.ceil(config.maxConnections / config.workers),
  };
}

/** Errors do not cross processes with what node puts on them. */
function listenErrorOf({ message, code, address, port }: ListenError): ListenError {
  return {
    message,
    ...(code !== undefined && { code }),
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
  };
}
