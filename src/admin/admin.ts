/**
 * The room `admin`: the metrics listener. `/metrics` for Prometheus, health with error texts, and a live view
 * of the events for a person.
 *
 * Invariants: nothing is read by a page of another site (Host and Sec-Fetch-Site are checked before the path
 * is looked at, which stops DNS rebinding too); nothing can be changed, GET and HEAD are all there is; viewers
 * and what is kept for them are bounded; nobody watching costs a ring of references to records.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { ReadinessReport } from '../telemetry/readiness.ts';
import { createAnswer } from './answer.ts';
import { createLiveFeed } from './live-feed.ts';
import type { LiveCounters } from './live-status.ts';
import { readPageFiles } from './page-files.ts';

export type AdminOptions = {
  /** Where to listen (METRICS_ADDR); undefined is every interface, port 0 a free one. */
  host: string | undefined;
  port: number;
  /** Names by which the listener is called, beyond loopback names and the address a request came in on. */
  allowedHosts: readonly string[];
};

export type AdminDeps = {
  clock: Clock;
  /** What Prometheus scrapes, and its content type. */
  metrics: { text(): Promise<string>; readonly contentType: string };
  /** As for `/readyz` on the site's port, but with error texts in journal and sinks. */
  readiness(): { httpStatus: 200 | 503; body: ReadinessReport };
  /** Read once a second while somebody watches. */
  counters(): Promise<LiveCounters>;
  /** Records of the journal, after their sync: each one line of JSON without its line feed. */
  subscribe(listener: (records: readonly Buffer[]) => void): () => void;
  /** Where the site is served, for a link in the empty live view; null while unknown. */
  siteUrl(): string | null;
  onFault(fault: unknown): void;
};

export type Admin = {
  /** Resolves when connections are taken; rejects where the address cannot be had. */
  listen(): Promise<AddressInfo>;
  /** Ends the streams of viewers and cuts what is open. */
  close(): Promise<void>;
};

const MAX_CONNECTIONS = 256;

export function createAdmin(options: AdminOptions, deps: AdminDeps): Admin {
  const feed = createLiveFeed(deps);
  const files = readPageFiles(new URL('./page/', import.meta.url));
  const answer = createAnswer({ allowedHosts: options.allowedHosts }, { ...deps, feed, files });
  const limits = { headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 };
  const server = createServer(limits, (clientReq, clientRes) => {
    answer(clientReq, clientRes).catch((fault: unknown) => {
      deps.onFault(fault);
      if (clientRes.headersSent) clientRes.destroy();
      else clientRes.writeHead(500).end();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;

  async function listen(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host }, resolve);
    await promise;
    server.off('error', reject);
    return server.address() as AddressInfo;
  }

  async function close(): Promise<void> {
    feed.close();
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  return { listen, close };
}
