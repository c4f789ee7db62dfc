/**
 * Edge and proxy as app.ts joins them, before an origin of the test's: real sockets on both sides, and stubs
 * where the neighbours would be. What they were told is in `seen`.
 */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { KeyPair } from '../../src/config/certificate.ts';
import type { EdgeOptions } from '../../src/edge/edge-options.ts';
import { createHandle, type HandleDeps } from '../../src/edge/handle.ts';
import { createRouter } from '../../src/edge/route.ts';
import { createEdge } from '../../src/edge/server.ts';
import type { ClientReq } from '../../src/http/client-message.ts';
import type { ClientAddress } from '../../src/http/exchange.ts';
import type { AddCorrelation } from '../../src/proxy/correlation.ts';
import { createForward, type ForwardDeps } from '../../src/proxy/forward.ts';
import { createHttp1Client } from '../../src/proxy/origin/http1-client.ts';
import type { OriginFailure, OriginTls } from '../../src/proxy/origin/origin-client.ts';
import { createOriginName } from '../../src/proxy/origin-name.ts';
import { createStreamTunnels } from '../../src/proxy/stream-tunnel.ts';
import { createTunnels } from '../../src/proxy/tunnel.ts';
import { type Origin, type Script, startOrigin } from './origin.ts';

export type ProxyOptions = Partial<EdgeOptions> & {
  protocol?: 'http:' | 'https:';
  hostname?: string;
  socketPath?: string;
  basePath?: string;
  /** Connections to the origin at once. */
  originConnections?: number;
  connectTimeoutMs?: number;
  headTimeoutMs?: number;
  tls?: OriginTls;
  /** HOST_HEADER=origin. */
  ownName?: boolean;
  addCorrelation?: AddCorrelation;
  /** Whether the peer is a trusted proxy. */
  trusted?: boolean;
  clientIpHeaders?: string[];
  /** The value of a Cookie header without ours. */
  withoutOurCookie?: (cookie: string) => string;
  beginEdit?: ForwardDeps['beginEdit'];
  /** Takes the place of the rooms that answer our own paths. */
  collect?: Partial<HandleDeps['collect']>;
  resolveAddress?: HandleDeps['resolveAddress'];
  pathPrefix?: string;
  observe?: HandleDeps['observe'];
  /** Keys for WebSockets over HTTP/2 that differ, as in life. */
  randomKeys?: boolean;
};

export type Seen = {
  refused: string[];
  badRequests: string[];
  floods: string[];
  slow: string[];
  failures: OriginFailure[];
  faults: unknown[];
  untrusted: number;
  originHeads: number;
  tunnels: { opened: number; closed: number };
};

export type TestProxy = {
  readonly port: number;
  /** `127.0.0.1:port`, for Host. */
  readonly host: string;
  readonly seen: Seen;
  closeTunnels(): void;
  setKeyPair(pair: KeyPair): void;
  /** Drains; safe to call twice. */
  close(): Promise<void>;
};

/** What goes to the origin of a WebSocket that came over HTTP/2, from RFC 6455 §1.3. */
export const WEBSOCKET_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
/** What the origin is called where a client names no host. */
export const ORIGIN_HOST = 'origin.test';
export const REQUEST_ID = '01890000-0000-7000-8000-000000000001';

/** An origin and a proxy before it, for one test. */
export async function start(
  t: TestContext,
  script?: Script | string,
  options?: ProxyOptions,
): Promise<{ origin: Origin; proxy: TestProxy; port: number }> {
  const origin = await startOrigin(script);
  const proxy = await startProxy(origin.port, options);
  t.after(async () => {
    await Promise.all([proxy.close(), origin.close()]);
  });
  return { origin, proxy, port: proxy.port };
}

export async function startProxy(originPort: number, options: ProxyOptions = {}): Promise<TestProxy> {
  const seen: Seen = {
    refused: [],
    badRequests: [],
    floods: [],
    slow: [],
    failures: [],
    faults: [],
    untrusted: 0,
    originHeads: 0,
    tunnels: { opened: 0, closed: 0 },
  };
  const origin = originOptions(originPort, options);
  const client = createHttp1Client(origin);
  const onFailure = (_exchange: unknown, failure: OriginFailure) => void seen.failures.push(failure);
  const forward = createForward(origin, {
    client,
    beginEdit: options.beginEdit ?? (() => null),
    onOriginHead: () => void seen.originHeads++,
    onOriginFailure: onFailure,
    monotonic: () => performance.now(),
  });
  const tunnelDeps = {
    onOpen: () => void seen.tunnels.opened++,
    onClose: () => void seen.tunnels.closed++,
    onFailure,
  };
  const tunnels = createTunnels(origin, tunnelDeps);
  const streamTunnels = createStreamTunnels(origin, tunnelDeps);
  const handle = createHandle({
    ...handleDeps(options, seen),
    forward,
    openTunnel: tunnels.open,
    openStreamTunnel: streamTunnels.open,
  });
  function closeTunnels(): void {
    tunnels.closeAll();
    streamTunnels.closeAll();
  }
  const edge = createEdge(
    { host: '127.0.0.1', port: 0, maxConnections: 1000, drainMs: 100, ...options },
    {
      handle,
      closeTunnels,
      onBadRequest: (code) => void seen.badRequests.push(code),
      onFlood: (what) => void seen.floods.push(what),
      onSlow: (what) => void seen.slow.push(what),
      peerOf: ({ remoteAddress = '' }) => ({ ipKey: remoteAddress, peerTrusted: options.trusted ?? false }),
      newWebSocketKey: () => (options.randomKeys ? randomBytes(16).toString('base64') : WEBSOCKET_KEY),
      onSlowClient: (verdict) => void seen.slow.push(verdict),
      monotonic: () => performance.now(),
    },
  );
  const { port } = await edge.listen();
  let closing: Promise<void> | undefined;
  return {
    port,
    host: `127.0.0.1:${port}`,
    seen,
    closeTunnels,
    setKeyPair: edge.setKeyPair,
    close: () => {
      closing ??= edge.close().then(() => client.close());
      return closing;
    },
  };
}

function originOptions(port: number, options: ProxyOptions) {
  const { protocol = 'http:', hostname = '127.0.0.1' } = options;
  return {
    protocol,
    hostname,
    port,
    socketPath: options.socketPath,
    basePath: options.basePath ?? '',
    maxConnections: options.originConnections ?? 1_000,
    monotonic: () => performance.now(),
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    headTimeoutMs: options.headTimeoutMs ?? 60_000,
    tls: options.tls ?? { rejectUnauthorized: true },
    clientIpHeaders: new Set(options.clientIpHeaders ?? []),
    originHost: ORIGIN_HOST,
    originName: options.ownName
      ? createOriginName({ protocol, hostname, port, basePath: options.basePath ?? '' })
      : null,
    addCorrelation: options.addCorrelation ?? null,
    withoutOurCookie: options.withoutOurCookie ?? ((cookie: string) => cookie),
  };
}

function handleDeps(
  options: ProxyOptions,
  seen: Seen,
): Omit<HandleDeps, 'forward' | 'openTunnel' | 'openStreamTunnel'> {
  const answer = (status: number) => (exchange: Parameters<HandleDeps['forward']>[0]) =>
    void exchange.clientRes.writeHead(status, ['Content-Length', '0']).end();
  return {
    route: createRouter(options.pathPrefix ?? ''),
    resolveAddress: options.resolveAddress ?? ((clientReq) => addressOf(clientReq, options.trusted ?? false)),
    collect: {
      post: answer(202),
      preflight: () => false,
      pixel: answer(200),
      script: answer(200),
      publicKey: answer(200),
      ...options.collect,
    },
    readiness: () => ({ httpStatus: 503, body: { status: 'starting' } }),
    observe: options.observe ?? (() => {}),
    onRefused: (reason) => void seen.refused.push(reason),
    onFault: (cause) => void seen.faults.push(cause),
    onUntrustedForwarded: () => void seen.untrusted++,
    newRequestId: () => REQUEST_ID,
    now: () => Date.now(),
    secure: options.keyPair !== undefined,
  };
}

/** The peer, or, where it is trusted, the last entry of X-Forwarded-For. */
function addressOf(clientReq: ClientReq, peerTrusted: boolean): ClientAddress {
  const peer = (clientReq.socket.remoteAddress ?? '0.0.0.0').replace(/^::ffff:/, '');
  const said = String(clientReq.headers['x-forwarded-for'] ?? '')
    .split(',')
    .at(-1)!
    .trim();
  const ip = peerTrusted && said !== '' ? said : peer;
  return { ip, ipKey: ip, peer, peerTrusted };
}
