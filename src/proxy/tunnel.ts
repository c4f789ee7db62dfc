/**
 * Upgrades (RFC 9110 §7.8): after the origin's 101, bytes both ways until both sides are done. A refusal is
 * passed on as it came. Written on the platform's sockets, because what follows a 101 is no HTTP any more.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RequestSide } from '../http/exchange.ts';
import { connectionListed } from '../http/hop-by-hop.ts';
import { headText } from './head-text.ts';
import type { OriginFailure } from './origin/origin-client.ts';
import { errorAnswer, errorOf } from './proxy-error.ts';
import { passRefusal } from './refused-upgrade.ts';
import { clientHeaders, endToEndHeaders, type RequestHeaderOptions } from './request-headers.ts';
import { requestUpgrade, type UpgradeTarget } from './upgrade-request.ts';

export type TunnelOptions = RequestHeaderOptions & UpgradeTarget;

export type TunnelDeps = {
  onOpen(): void;
  onClose(): void;
  onFailure(exchange: RequestSide, failure: OriginFailure, cause: Error): void;
};

/** What the edge hands over: the request, its socket, and the bytes that came right behind the head. */
export type Upgrade = {
  exchange: RequestSide;
  socket: Duplex;
  early: Buffer;
  /** Takes the socket back for further requests. */
  giveBack(): void;
};

export type Tunnels = {
  open(upgrade: Upgrade): void;
  /** Cuts every tunnel that is open, and those that wait for the origin. */
  closeAll(): void;
};

/** Bytes that a client may send ahead of the origin's answer; then it waits. */
const MAX_EARLY_BYTES = 64 * 1024;
const TCP_PROBE_MS = 60_000;

export function createTunnels(options: TunnelOptions, deps: TunnelDeps): Tunnels {
  const sockets = new Set<Duplex>();

  function open(upgrade: Upgrade): void {
    const { exchange, socket, early } = upgrade;
    const originReq = requestUpgrade(exchange, options, {
      onUpgrade(originRes, originSocket, originEarly) {
        const held = takeHeld();
        deps.onOpen();
        socket.once('close', deps.onClose);
        socket.write(upgradedHead(originRes, exchange), 'latin1');
        if (originEarly.length > 0) socket.write(originEarly);
        if (held.length > 0) originSocket.write(held);
        join(socket, originSocket);
      },
      onInformational({ statusCode, statusMessage, rawHeaders }) {
        const status = { status: statusCode, reason: statusMessage };
        socket.write(headText(status, endToEndHeaders(rawHeaders)), 'latin1');
      },
      onRefusal(originRes) {
        const bytesFollowed = takeHeld().length > 0;
        refuse(upgrade, originRes, bytesFollowed ? null : letGo);
      },
      onFailure(failure, cause) {
        if (socket.destroyed) return;
        takeHeld();
        deps.onFailure(exchange, failure, cause);
        answerFailure(exchange, socket, failure);
      },
    });
    const takeHeld = holdEarlyBytes(socket, early);
    sockets.add(socket);
    socket.on('close', onClose).on('error', ignoreError);

    function onClose(): void {
      sockets.delete(socket);
      originReq.destroy();
    }
    function letGo(): void {
      sockets.delete(socket);
      socket.off('close', onClose).off('error', ignoreError);
      upgrade.giveBack();
    }
  }

  /** `letGo` null: bytes followed the request. */
  function refuse(
    { exchange, socket }: Upgrade,
    originRes: IncomingMessage,
    letGo: (() => void) | null,
  ): void {
    const { method, rawHeaders } = exchange.clientReq;
    const headers = clientHeaders(originRes.rawHeaders, exchange, options);
    const onReusable = connectionListed(rawHeaders)?.has('close') ? null : letGo;
    // What comes now is the next request, or nothing that anybody reads.
    if (onReusable === null) socket.resume();
    else socket.pause();
    passRefusal({ originRes, socket, headers, method: method!, onReusable });
  }

  /** RFC 9110 §8.6: a 101 has no Content-Length. */
  function upgradedHead(originRes: IncomingMessage, exchange: RequestSide): string {
    const headers = clientHeaders(originRes.rawHeaders, exchange, options);
    headers.push('Connection', 'Upgrade', 'Upgrade', originRes.headers.upgrade ?? '');
    const status = { status: originRes.statusCode!, reason: originRes.statusMessage! };
    return headText(status, headers, 'content-length');
  }

  return {
    open,
    closeAll: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Reads on while the origin makes up its mind, since only a read tells that the client has gone. The function
 * that comes back ends that and gives what was read.
 */
export function holdEarlyBytes(socket: Duplex, early: Buffer): () => Buffer {
  const held = [early];
  let bytes = early.length;
  function onData(chunk: Buffer): void {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_EARLY_BYTES) socket.pause();
  }
  function onEnd(): void {
    socket.destroy();
  }
  socket.on('data', onData).on('end', onEnd);
  return () => {
    socket.off('data', onData).off('end', onEnd);
    return Buffer.concat(held);
  };
}

/** Bytes both ways. A side that is done half-closes the other; a side that broke takes the other along. */
export function join(client: Duplex, origin: Socket): void {
  origin.setTimeout(0);
  origin.setKeepAlive(true, TCP_PROBE_MS);
  origin.on('error', () => {});
  client.pipe(origin);
  origin.pipe(client);
  takesAlong(client, origin);
  takesAlong(origin, client);
}

function ignoreError(): void {} // its close says what we need to know

function takesAlong(closing: Duplex, other: Duplex): void {
  closing.once('close', () => {
    // Closed after both of its ends: what the other side still has to write goes on, and what it sends is nobody's.
    if (!closing.readableEnded || !closing.writableFinished) other.destroy(new Error('the other side broke'));
    else other.resume();
  });
}

function answerFailure(exchange: RequestSide, socket: Duplex, failure: OriginFailure): void {
  const error = errorOf(failure);
  const { headers, body } = errorAnswer(exchange, error);
  const head = { status: error.status, reason: error.title };
  socket.resume();
  socket.write(headText(head, [...headers, 'Connection', 'close']), 'latin1');
  socket.end(body);
}
