/** The request that asks the origin for an upgrade, and what may become of it. */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { RequestSide } from '../http/exchange.ts';
import { failureOf } from './origin/failure.ts';
import type { OriginFailure, OriginTls } from './origin/origin-client.ts';
import { originHeaders, originTarget, type RequestHeaderOptions } from './request-headers.ts';

/** Where upgrades go. */
export type UpgradeTarget = {
  protocol: 'http:' | 'https:';
  /** A name or an address, IPv6 in brackets. */
  hostname: string;
  port: number;
  socketPath?: string | undefined;
  basePath: string;
  connectTimeoutMs: number;
  headTimeoutMs: number;
  tls: OriginTls;
};

/** `onInformational` any number of times, then one of the others, once; none after the caller destroyed the request. */
export type UpgradeOutcome = {
  /** RFC 9110 §15.2; a 101 is none of them. */
  onInformational(head: http.InformationEvent): void;
  onUpgrade(originRes: IncomingMessage, originSocket: Socket, early: Buffer): void;
  onRefusal(originRes: IncomingMessage): void;
  onFailure(failure: OriginFailure, cause: Error): void;
};

const MAX_HEADER_BYTES = 64 * 1024;
/** Methods for which node invents no framing. */
const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

export function requestUpgrade(
  exchange: RequestSide,
  options: RequestHeaderOptions & UpgradeTarget,
  outcome: UpgradeOutcome,
): http.ClientRequest {
  const originReq = send(exchange, options);
  const clock = startClock(originReq, options);
  originReq.once('upgrade', (originRes: IncomingMessage, originSocket: Socket, early: Buffer) => {
    clock.stop();
    outcome.onUpgrade(originRes, originSocket, early);
  });
  originReq.on('information', outcome.onInformational);
  originReq.once('response', (originRes: IncomingMessage) => {
    clock.stop();
    outcome.onRefusal(originRes);
  });
  originReq.on('error', (cause) => {
    clock.stop();
    outcome.onFailure(clock.late() ?? failureOf(cause), cause);
  });
  originReq.end();
  return originReq;
}

function send(exchange: RequestSide, options: RequestHeaderOptions & UpgradeTarget): http.ClientRequest {
  const { clientReq } = exchange;
  const headers = originHeaders(exchange, options);
  headers.push('Connection', 'Upgrade', 'Upgrade', clientReq.headers.upgrade ?? '');
  // Else node frames the body that there is not, and its last chunk would be the tunnel's first bytes.
  if (!BODILESS.has(clientReq.method!)) headers.push('Content-Length', '0');
  const secure = options.protocol === 'https:';
  return (secure ? https : http).request({
    host: options.hostname.replace(/^\[|\]$/g, ''),
    port: options.port,
    socketPath: options.socketPath,
    method: clientReq.method,
    path: originTarget(clientReq.url!, options.basePath),
    headers,
    setHost: false,
    agent: false,
    allowHalfOpen: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    ...(secure ? options.tls : {}),
  } as https.RequestOptions);
}

type Clock = { stop(): void; late(): OriginFailure | null };

/** Two times, one after the other: to connect, then to the head of the answer. */
function startClock(originReq: http.ClientRequest, options: UpgradeTarget): Clock {
  let late: OriginFailure | null = null;
  let timer = startTimer(options.connectTimeoutMs, 'connect-timeout');

  function startTimer(ms: number, failure: OriginFailure): NodeJS.Timeout {
    return setTimeout(() => {
      late = failure;
      originReq.destroy(new Error(`no answer to an upgrade in ${ms} ms: ${failure}`));
    }, ms);
  }

  const connected = options.protocol === 'https:' ? 'secureConnect' : 'connect';
  originReq.once('socket', (socket) =>
    socket.once(connected, () => {
      clearTimeout(timer);
      timer = startTimer(options.headTimeoutMs, 'head-timeout');
    }),
  );
  return { stop: () => clearTimeout(timer), late: () => late };
}
