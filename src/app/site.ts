/** The way of a request: edge, proxy and injection, put together from the configuration. */
import { randomBytes, randomUUID, randomUUIDv7 } from 'node:crypto';
import { lookup as dnsLookup } from 'node:dns';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from '../config/certificate.ts';
import type { Config } from '../config/fields.ts';
import { createHandle, type HandleDeps, type Readiness } from '../edge/handle.ts';
import type { Flood } from '../edge/http2/flood-guard.ts';
import { createObserve } from '../edge/observe.ts';
import { createRouter } from '../edge/route.ts';
import { createEdge } from '../edge/server.ts';
import { createResolveAddress, isPrivateAddress } from '../http/client-address.ts';
import type { ClientAddress, Exchange, RequestSide } from '../http/exchange.ts';
import { pathOf } from '../http/path-of.ts';
import { createInject, type InjectDeps, type ServedDocument } from '../inject/inject.ts';
import type { Clock } from '../lib/clock.ts';
import { createCorrelation } from '../proxy/correlation.ts';
import { createForward } from '../proxy/forward.ts';
import { createHttp1Client } from '../proxy/origin/http1-client.ts';
import { createLookupCache } from '../proxy/origin/lookup.ts';
import type { OriginFailure } from '../proxy/origin/origin-client.ts';
import { createOriginName, hostOf } from '../proxy/origin-name.ts';
import { createStreamTunnels } from '../proxy/stream-tunnel.ts';
import { createTunnels } from '../proxy/tunnel.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tokens } from '../token/tokens.ts';

export type SiteDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  tokens: Tokens;
  collect: HandleDeps['collect'] & { recordDocument(served: ServedDocument): void };
  consentOf: InjectDeps['consentOf'];
  readiness(): Readiness;
};

export type Site = {
  listen(): Promise<AddressInfo>;
  /** For new connections under ENABLE_HTTPS; throws where the pair is none. */
  setKeyPair(pair: KeyPair): void;
  /** Lets exchanges finish for DRAIN_MS. */
  close(): Promise<void>;
};

export function createSite(config: Config, deps: SiteDeps): Site {
  const { clock, log, metrics, collect, readiness } = deps;
  const origin = originOf(config, clock);
  const client = createHttp1Client(origin);
  const headers = requestHeaderOptions(config, deps.tokens);
  const onOriginFailure = reportOriginFailure(log, metrics);

  const tunnelDeps = {
    onOpen: () => metrics.tunnels.inc(),
    onClose: () => metrics.tunnels.dec(),
    onFailure: onOriginFailure,
  };
  const tunnels = createTunnels({ ...origin, ...headers }, tunnelDeps);
  const streamTunnels = createStreamTunnels({ ...origin, ...headers }, tunnelDeps);
  const forward = createForward(
    { ...headers, basePath: origin.basePath },
    {
      client,
      beginEdit: createInjection(config, deps).begin,
      onOriginHead: (seconds) => metrics.originSeconds.observe(seconds),
      onOriginFailure,
      monotonic: clock.monotonic,
    },
  );
  const resolve = createResolveAddress({
    trust: config.trustProxy,
    clientIpHeaders: config.clientIpHeaders,
  });
  const handle = createHandle({
    route: createRouter(config.pathPrefix),
    resolveAddress: ({ socket, rawHeaders }) => resolve(socket.remoteAddress, rawHeaders),
    forward,
    openTunnel: tunnels.open,
    openStreamTunnel: streamTunnels.open,
    collect,
    readiness,
    observe: createObserve(metrics, clock.monotonic),
    onRefused: () => metrics.rejections.inc({ reason: 'refused-request' }),
    onFault: reportFault(log, metrics),
    onUntrustedForwarded: warnOfUntrustedPeer(log),
    newRequestId: randomUUIDv7,
    now: clock.now,
    secure: config.enableHttps,
  });
  const edge = createEdge(
    {
      ...config.serverAddr,
      maxConnections: config.maxConnections,
      drainMs: config.drainMs,
      keyPair: config.keyPair,
    },
    {
      handle,
      closeTunnels: () => {
        tunnels.closeAll();
        streamTunnels.closeAll();
      },
      onBadRequest: () => metrics.rejections.inc({ reason: 'malformed-request' }),
      onFlood: reportFlood(log, metrics, clock.monotonic),
      peerOf: ({ remoteAddress }) => resolve(remoteAddress, []),
      onSlow: () => metrics.rejections.inc({ reason: 'slow-client' }),
      newWebSocketKey: () => randomBytes(16).toString('base64'),
      onSlowClient: () => metrics.rejections.inc({ reason: 'slow-client' }),
      monotonic: clock.monotonic,
    },
  );
  return {
    listen: edge.listen,
    setKeyPair: edge.setKeyPair,
    close: async () => {
      await edge.close();
      await client.close();
    },
  };
}

/** A name server's silence is waited out for ten minutes with what it said last. */
const LOOKUPS = { freshMs: 30_000, staleMs: 600_000, maxNames: 16 };

function originOf(config: Config, clock: Clock) {
  const { protocol, hostname, port, socketPath, basePath } = config.forwardDestination!;
  return {
    ...{ protocol, hostname, port, socketPath, basePath },
    connectTimeoutMs: config.originConnectTimeoutMs,
    headTimeoutMs: config.originTimeoutMs,
    tls: {
      rejectUnauthorized: !config.originTlsSkipVerify,
      ca: config.originCa,
      cert: config.originCert,
      key: config.originKey,
    },
    // A quarter more than visitors have: connections of HTTP/2 may have several exchanges.
    maxConnections: Math.ceil(config.maxConnections * 1.25),
    monotonic: clock.monotonic,
    lookup: createLookupCache(LOOKUPS, { resolve: dnsLookup, monotonic: clock.monotonic }),
  };
}

function requestHeaderOptions(config: Config, tokens: Tokens) {
  const origin = config.forwardDestination!;
  return {
    clientIpHeaders: new Set(config.clientIpHeaders),
    originHost: hostOf(origin),
    originName: config.hostHeader === 'origin' ? createOriginName(origin) : null,
    addCorrelation: config.correlationHeaders ? createCorrelation(tokens.readCookie) : null,
    withoutOurCookie: (cookie: string) => {
      const headers = ['cookie', cookie];
      tokens.takeCookie(headers);
      return headers[1] ?? '';
    },
  };
}

function createInjection(config: Config, deps: SiteDeps) {
  const { clock, log, metrics, tokens, consentOf, collect } = deps;
  return createInject(
    {
      script: readFileSync(new URL('../../client/dist/tracker.js', import.meta.url), 'utf8'),
      tracking: config.tracking,
      pathPrefix: config.pathPrefix,
      collectUrl: config.collectUrl,
      identity: config.identity,
      trackHash: config.trackHash,
      frames: config.injectFrames,
      consentRequired: config.consent === 'required',
      injectPaths: config.injectPaths,
      injectExclude: config.injectExclude,
      injectAt: config.injectAt,
      bufferBytes: config.injectBufferBytes,
      vary: config.vary,
      debugHeaders: config.debugHeaders,
      csp: config.csp,
      documentEvents: config.documentEvents,
    },
    {
      clock,
      randomBytes,
      newDocumentId: randomUUIDv7,
      newSessionId: randomUUID,
      mintPage: tokens.mintPage,
      documentProof: tokens.documentProof,
      sessionOf: ({ clientReq }: Exchange) => tokens.readCookie(clientReq.rawHeaders)?.session ?? null,
      consentOf,
      recordDocument: collect.recordDocument,
      metrics,
      log,
    },
  );
}

function reportOriginFailure(log: Logger, metrics: Metrics) {
  return ({ requestId, clientReq }: RequestSide, failure: OriginFailure, cause: Error) => {
    metrics.originFailures.inc({ reason: failure });
    const path = pathOf(clientReq.url ?? '');
    log.warn(
      { failure, requestId, method: clientReq.method, path, cause: cause.message },
      'the origin gave no answer',
    );
  };
}

/** Counted always; one line a minute says it, because a flood is many connections. */
function reportFlood(log: Logger, metrics: Metrics, now: () => number) {
  let quietUntil = 0;
  return (what: Flood) => {
    metrics.rejections.inc({ reason: 'flood' });
    if (now() < quietUntil) return;
    quietUntil = now() + 60_000;
    log.warn({ what }, 'a connection that flooded us over HTTP/2 was closed');
  };
}

function reportFault(log: Logger, metrics: Metrics) {
  return (cause: unknown) => {
    metrics.faults.inc({ room: 'edge' });
    log.error({ err: cause }, 'a fault of ours at the edge');
  };
}

/** Once: somebody put a proxy before us and did not say so, and every visitor has that proxy's address. */
function warnOfUntrustedPeer(log: Logger) {
  let warned = false;
  return ({ peer }: ClientAddress) => {
    if (warned || !isPrivateAddress(peer)) return;
    warned = true;
    log.warn(
      { peer },
      `${peer} sends X-Forwarded-* and is not trusted: visitors all have its address, and the origin may redirect in circles. If it is your proxy, set TRUST_PROXY=${peer}`,
    );
  };
}
