/** What the edge is told, and what holds where it is told nothing. */
import type http from 'node:http';
import type { KeyPair } from '../config/certificate.ts';
import { maxHeldBytes } from './http2/held-bytes.ts';
import type { PaceLimits } from './pace.ts';

export type EdgeOptions = {
  host: string | undefined;
  port: number;
  /** Other processes of ours listen there too. */
  reusePort?: true;
  maxConnections: number;
  /** How long exchanges may go on after `close` was called. */
  drainMs: number;
  /** 60 s and 500 B/s where it is not given. */
  pace?: PaceLimits;
  /** For a request's headers, and for a new connection's first byte; 20 s where it is not given. */
  headersTimeoutMs?: number;
  /** Where it is given, visitors speak TLS, and HTTP/2 or HTTP/1.1. */
  keyPair?: KeyPair | undefined;
  /** An idle connection; 75 s where it is not given. */
  keepAliveMs?: number;
  /** A stream of HTTP/2 whose client stops sending or taking; 60 s where it is not given. */
  slowStreamMs?: number;
  /** What may be kept for readers over HTTP/2; by `maxConnections` where it is not given, 64 MB at most. */
  maxHeldBytes?: number;
  /** For how long an address that floods gets no HTTP/2; 10 s where it is not given. */
  penaltyMs?: number;
};

/** The same with nothing left open. */
export type EdgeLimits = {
  readonly silentMs: number;
  readonly idleMs: number;
  readonly pace: PaceLimits;
  readonly streamPace: PaceLimits;
  readonly maxHeldBytes: number;
  readonly penaltyMs: number;
  /** Above so many connections rates count too. */
  readonly pressedAbove: number;
};

const HEADERS_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 75_000;
const SLOW_STREAM_MS = 60_000;
const PENALTY_MS = 10_000;
/** The system reports what a reader takes in steps of some 30 KB: a shorter window would see none of a slow one's. */
const PACE: PaceLimits = { idleMs: 60_000, windowMs: 30_000, minBytesPerSecond: 500 };
const PRESSED_SHARE = 0.8;

export function edgeLimits(options: EdgeOptions): EdgeLimits {
  const { maxConnections, pace = PACE } = options;
  return {
    silentMs: options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
    idleMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
    pace,
    streamPace: { ...pace, idleMs: options.slowStreamMs ?? SLOW_STREAM_MS },
    maxHeldBytes: options.maxHeldBytes ?? maxHeldBytes(maxConnections),
    penaltyMs: options.penaltyMs ?? PENALTY_MS,
    pressedAbove: maxConnections * PRESSED_SHARE,
  };
}

const MAX_HEADER_BYTES = 64 * 1024;
/** How often node looks for headers that are late: they may be late by that much more. */
const TIMEOUT_SWEEP_MS = 1_000;
/** TCP's own probes find peers that vanished without a word from a stream that says little. */
const TCP_PROBE_MS = 60_000;

/** For node's server. */
export function serverLimits({ silentMs, idleMs }: EdgeLimits): http.ServerOptions {
  return {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: silentMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_SWEEP_MS, silentMs),
    requestTimeout: 0, // an upload may take as long as it moves
    keepAliveTimeout: idleMs,
    keepAlive: true,
    keepAliveInitialDelay: TCP_PROBE_MS,
  };
}
