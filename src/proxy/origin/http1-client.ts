/**
 * The origin client: HTTP/1.1 over TCP, TLS or a unix socket, one exchange a connection at a time, the connection
 * that was free last used first, so that the others grow old and close.
 */
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { type Connection, createConnection, type Job, type Unfinished } from './connection.ts';
import { failureOf } from './failure.ts';
import type {
  OriginClient,
  OriginExchange,
  OriginRequest,
  OriginResponseHandler,
  OriginTls,
} from './origin-client.ts';
import { createReadBuffer, type ReadBuffer } from './read-buffer.ts';

export type Http1ClientOptions = {
  protocol: 'http:' | 'https:';
  hostname: string;
  port: number;
  socketPath?: string | undefined;
  connectTimeoutMs: number;
  headTimeoutMs: number;
  /** Connections at once; further exchanges wait for one. */
  maxConnections: number;
  tls: OriginTls;
  lookup?: net.LookupFunction;
  /** Milliseconds that never go back. */
  monotonic(): number;
};

/** RFC 9110 §9.2.2: safe to send again when the connection died before it answered. */
const IDEMPOTENT = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
]);
const SWEEP_MS = 1000;

type Idle = { connection: Connection; until: number };

/** One request on its way: in the queue, on a connection, or over. */
class Sent implements OriginExchange, Job {
  readonly request: OriginRequest;
  readonly handler: OriginResponseHandler;
  connection: Connection | null = null;
  /** Monotonic milliseconds since when it waits for a connection. */
  waitsSince = 0;
  aborted = false;

  constructor(request: OriginRequest, handler: OriginResponseHandler) {
    this.request = request;
    this.handler = handler;
  }

  resume(): void {
    this.connection?.resume();
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.connection?.destroy();
  }
}

export function createHttp1Client(options: Http1ClientOptions): OriginClient {
  const idle: Idle[] = [];
  const waiting: Sent[] = [];
  const open = new Set<Connection>();
  const connecting = new Set<Socket>();
  let closed = false;

  const sweep = setInterval(() => {
    const now = options.monotonic();
    closeOldIdle(now);
    failLongWaiting(now);
  }, SWEEP_MS);
  sweep.unref();

  function send(request: OriginRequest, handler: OriginResponseHandler): OriginExchange {
    const sent = new Sent(request, handler);
    const free = idle.pop();
    if (free !== undefined) startOn(free.connection, sent);
    else if (open.size + connecting.size < options.maxConnections) connect(sent);
    else {
      sent.waitsSince = options.monotonic();
      waiting.push(sent);
    }
    return sent;
  }

  function startOn(connection: Connection, sent: Sent): void {
    sent.connection = connection;
    connection.start(sent);
  }

  function connect(sent: Sent): void {
    const reads = options.protocol === 'http:' ? createReadBuffer() : null;
    const socket = openSocket(options, reads);
    connecting.add(socket);
    const timer = setTimeout(() => socket.destroy(connectTimeout()), options.connectTimeoutMs);
    const onError = (cause: Error) => {
      settle();
      if (!sent.aborted) sent.handler.onFailure(failureOf(cause), cause);
      serveWaiting();
    };
    function settle(): void {
      clearTimeout(timer);
      connecting.delete(socket);
      socket.off('error', onError);
    }
    socket.once('error', onError);
    socket.once(options.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      settle();
      const connection = createConnection({ socket, reads, headTimeoutMs: options.headTimeoutMs }, events);
      open.add(connection);
      const next = sent.aborted ? nextWaiting() : sent;
      if (next !== undefined) startOn(connection, next);
      else events.onFree(connection, SWEEP_MS);
    });
  }

  const events = {
    onFree(connection: Connection, idleMs: number): void {
      const next = nextWaiting();
      if (next !== undefined) startOn(connection, next);
      else if (closed || idleMs === 0) connection.destroy();
      else idle.push({ connection, until: options.monotonic() + idleMs });
    },
    onGone(connection: Connection, unfinished: Unfinished | null): void {
      open.delete(connection);
      const at = idle.findIndex((one) => one.connection === connection);
      if (at !== -1) idle.splice(at, 1);
      if (unfinished !== null) failOrRetry(unfinished);
      serveWaiting();
    },
  };

  /** A kept connection may die just as a request is written to it; the visitor must not see that. */
  function failOrRetry({ job, failure, cause, stale }: Unfinished): void {
    const { method, body } = job.request;
    if (stale && !closed && body === null && IDEMPOTENT.has(method)) connect(job as Sent);
    else job.handler.onFailure(failure, cause);
  }

  function nextWaiting(): Sent | undefined {
    let next = waiting.shift();
    while (next?.aborted) next = waiting.shift();
    return next;
  }

  function serveWaiting(): void {
    if (waiting.length === 0 || open.size + connecting.size >= options.maxConnections) return;
    const next = nextWaiting();
    if (next !== undefined) connect(next);
  }

  function closeOldIdle(now: number): void {
    for (const { connection } of idle.filter(({ until }) => until <= now)) connection.destroy();
  }

  /** All connections are busy: whoever waits as long as a connection may take is told so. */
  function failLongWaiting(now: number): void {
    while (
      waiting.length > 0 &&
      (waiting[0]!.aborted || now - waiting[0]!.waitsSince > options.connectTimeoutMs)
    ) {
      const sent = waiting.shift()!;
      if (!sent.aborted)
        sent.handler.onFailure('connect-timeout', new Error('no connection to the origin is free'));
    }
  }

  async function close(): Promise<void> {
    closed = true;
    clearInterval(sweep);
    for (const socket of connecting) socket.destroy(new Error('closing'));
    for (const connection of [...open]) connection.destroy();
  }

  return { send, close };
}

function openSocket(options: Http1ClientOptions, reads: ReadBuffer | null): Socket {
  const { port, socketPath, lookup } = options;
  const hostname = options.hostname.replace(/^\[|\]$/g, ''); // an IPv6 address stands in brackets
  const where = socketPath === undefined ? { host: hostname, port } : { path: socketPath };
  const common = { ...where, noDelay: true, ...(lookup === undefined ? {} : { lookup }) };
  if (reads !== null)
    return net.connect({ ...common, keepAlive: true, onread: reads.onread } as net.NetConnectOpts);
  const servername = net.isIP(hostname) === 0 ? hostname : '';
  return tls.connect({
    ...common,
    ...options.tls,
    servername,
    ALPNProtocols: ['http/1.1'],
  } as tls.ConnectionOptions);
}

const connectTimeout = () => Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
