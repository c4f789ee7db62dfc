/**
 * The room `edge`: every request passes here once. It is refused, or becomes an Exchange with one resolved
 * address and one route, and goes to the one room that answers it.
 */
import type { Duplex } from 'node:stream';
import type { ClientReq, ClientRes } from '../http/client-message.ts';
import type { ClientAddress, Exchange, RequestSide } from '../http/exchange.ts';
import { firstOfList } from '../http/forwarded.ts';
import { headerValue } from '../http/raw-headers.ts';
import { assertNever } from '../lib/assert-never.ts';
import { answerFault, answerJson, answerRefusal, answerWrongMethod } from './answers.ts';
import { isHost } from './host.ts';
import type { ObserveRequest } from './observe.ts';
import { type Refusal, refusalOf } from './refuse.ts';
import { factsOf, type RequestFacts } from './request-facts.ts';
import type { Route, Router, ScriptName } from './route.ts';

export type Readiness = { httpStatus: 200 | 503; body: unknown };

/** `early`: bytes that came right behind the head; `giveBack`: the socket goes on with further requests. */
export type UpgradeSocket = { socket: Duplex; early: Buffer; giveBack(): void };

export type HandleDeps = {
  route: Router;
  resolveAddress(clientReq: ClientReq): ClientAddress;
  forward(exchange: Exchange): void;
  openTunnel(upgrade: UpgradeSocket & { exchange: RequestSide }): void;
  /** Over HTTP/2: the exchange's response says what became of it, and `stream` carries the bytes. */
  openStreamTunnel(exchange: Exchange, stream: Duplex): void;
  collect: {
    post(exchange: Exchange): void;
    /** False, with nothing answered, where the origin is none of CORS_ORIGINS: then it is the site's. */
    preflight(exchange: Exchange): boolean;
    pixel(exchange: Exchange): void;
    script(exchange: Exchange, name: ScriptName): void;
    publicKey(exchange: Exchange): void;
  };
  readiness(): Readiness;
  observe: ObserveRequest;
  onRefused(reason: string): void;
  /** Something of ours threw. The client gets a 500, everybody else is served. */
  onFault(cause: unknown): void;
  /** A private peer that we do not trust sends X-Forwarded-*: somebody forgot TRUST_PROXY. */
  onUntrustedForwarded(address: ClientAddress): void;
  newRequestId(): string;
  /** Epoch milliseconds. */
  now(): number;
  secure: boolean;
};

export type Handle = {
  request(clientReq: ClientReq, clientRes: ClientRes): void;
  upgrade(clientReq: ClientReq, upgrade: UpgradeSocket): void;
  /** An upgrade over HTTP/2 (RFC 8441): one stream becomes the tunnel, or is refused by `clientRes`. */
  connect(clientReq: ClientReq, clientRes: ClientRes, stream: Duplex): void;
  /** Whether a request that asks for it may become a tunnel; if not it is an ordinary request. */
  mayUpgrade(clientReq: ClientReq): boolean;
};

export function createHandle(deps: HandleDeps): Handle {
  function request(clientReq: ClientReq, clientRes: ClientRes): void {
    try {
      receive(clientReq, clientRes);
    } catch (cause) {
      deps.onFault(cause);
      answerFault(clientRes);
    }
  }

  function receive(clientReq: ClientReq, clientRes: ClientRes): void {
    const facts = factsOf(clientReq);
    const refusal = refusalOf(clientReq, facts);
    if (refusal !== null) return refuse(clientRes, refusal);
    clientReq.url = facts.target;
    const route = deps.route(facts);
    deps.observe(route.kind, clientRes);
    dispatch(route, { ...requestSide(clientReq, facts), clientRes });
  }

  function refuse(clientRes: ClientRes, refusal: Refusal): void {
    deps.observe('refused', clientRes);
    deps.onRefused(refusal.reason);
    answerRefusal(clientRes, refusal);
  }

  function requestSide(clientReq: ClientReq, facts: RequestFacts): RequestSide {
    const address = deps.resolveAddress(clientReq);
    const trusted = address.peerTrusted;
    const proto = firstOfList(headerValue(clientReq.rawHeaders, 'x-forwarded-proto'));
    if (!trusted && facts.forwarded) deps.onUntrustedForwarded(address);
    return {
      clientReq,
      address,
      requestId: (trusted && givenRequestId(clientReq)) || deps.newRequestId(),
      receivedAt: deps.now(),
      scheme: schemeOf(trusted ? proto : undefined, deps.secure),
      host: (trusted && forwardedHost(clientReq)) || facts.host || '',
    };
  }

  function dispatch(route: Route, exchange: Exchange): void {
    switch (route.kind) {
      case 'forward':
        return deps.forward(exchange);
      case 'collect':
        return deps.collect.post(exchange);
      case 'preflight':
        if (!deps.collect.preflight(exchange)) deps.forward(exchange);
        return;
      case 'pixel':
        return deps.collect.pixel(exchange);
      case 'script':
        return deps.collect.script(exchange, route.name);
      case 'public-key':
        return deps.collect.publicKey(exchange);
      case 'healthz':
        return answerHealth(exchange, { httpStatus: 200, body: { status: 'ok' } });
      case 'readyz':
        return answerHealth(exchange, deps.readiness());
      default:
        return assertNever(route);
    }
  }

  function upgrade(clientReq: ClientReq, upgradeSocket: UpgradeSocket): void {
    try {
      const facts = factsOf(clientReq);
      clientReq.url = facts.target;
      deps.openTunnel({ ...upgradeSocket, exchange: requestSide(clientReq, facts) });
    } catch (cause) {
      deps.onFault(cause);
      upgradeSocket.socket.destroy();
    }
  }

  function connect(clientReq: ClientReq, clientRes: ClientRes, stream: Duplex): void {
    try {
      const facts = factsOf(clientReq);
      const refusal = refusalOf(clientReq, facts) ?? connectRefusal(facts);
      if (refusal !== null) return refuse(clientRes, refusal);
      deps.openStreamTunnel({ ...requestSide(clientReq, facts), clientRes }, stream);
    } catch (cause) {
      deps.onFault(cause);
      answerFault(clientRes);
    }
  }

  /** Our own paths are no tunnels, and what a tunnel carries has no length. */
  function connectRefusal(facts: RequestFacts): Refusal | null {
    if (hasBody(facts)) return { status: 400, reason: 'CONNECT with a length' };
    return deps.route(facts).kind === 'forward' ? null : { status: 405, reason: 'method' };
  }

  /** RFC 9110 §7.8: an Upgrade may be ignored always, and must be in HTTP/1.0. */
  function mayUpgrade(clientReq: ClientReq): boolean {
    const facts = factsOf(clientReq);
    if (clientReq.httpVersion !== '1.1' || hasBody(facts) || offersH2c(clientReq)) return false;
    return refusalOf(clientReq, facts) === null && deps.route(facts).kind === 'forward';
  }

  return { request, upgrade, connect, mayUpgrade };
}

function answerHealth({ clientReq, clientRes }: Exchange, readiness: Readiness): void {
  if (clientReq.method !== 'GET' && clientReq.method !== 'HEAD')
    return answerWrongMethod(clientRes, 'GET, HEAD');
  answerJson(clientRes, readiness.httpStatus, readiness.body);
}

/** HTTP/2 in clear text would be a second way into the origin, past everything that we do here. */
function offersH2c(clientReq: ClientReq): boolean {
  const offers = (clientReq.headers.upgrade ?? '').toLowerCase().split(',');
  return offers.some((protocol) => protocol.trim() === 'h2c');
}

const hasBody = (facts: RequestFacts) => facts.transferEncoding !== undefined || facts.contentLength;

/** X-Forwarded-Host of a trusted peer, undefined where it is none that could stand in Host. */
function forwardedHost(clientReq: ClientReq): string | undefined {
  const host = firstOfList(headerValue(clientReq.rawHeaders, 'x-forwarded-host'));
  return host !== undefined && isHost(host) ? host : undefined;
}

/** Of a trusted peer; null where it is too long or could not stand in a header, a log line or a page. */
function givenRequestId({ rawHeaders }: ClientReq): string | null {
  const given = headerValue(rawHeaders, 'x-request-id') ?? '';
  return /^[\x21-\x7e]{1,128}$/.test(given) ? given : null;
}

/** Some proxies say `wss` of a WebSocket that came over TLS. */
function schemeOf(forwardedProto: string | undefined, secure: boolean): 'http' | 'https' {
  if (forwardedProto !== undefined) return /^(?:https|wss)$/i.test(forwardedProto) ? 'https' : 'http';
  return secure ? 'https' : 'http';
}
