/**
 * One connection that speaks HTTP/2: its streams become requests, and what only a flood does ends it with GOAWAY
 * ENHANCE_YOUR_CALM.
 */
import http2, { type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { PaceLimits } from '../pace.ts';
import { createFloodGuard, type Flood } from './flood-guard.ts';
import { watchHeaderBlocks } from './header-block-watch.ts';
import type { HeldBytes } from './held-bytes.ts';
import { SESSION_OPTIONS } from './session-options.ts';
import type { Slowness } from './stream-watch.ts';
import { createStreams, type Http2Handle } from './streams.ts';

export type Http2SessionDeps = {
  handle: Http2Handle;
  /** For `Sec-WebSocket-Key`: 16 random bytes, base64. */
  newWebSocketKey(): string;
  /** Headers were too large, said as node's parser of HTTP/1.1 says it. */
  onBadRequest(code: string): void;
  /** A client kept us waiting for too long, and its stream was ended. */
  onSlow(what: Slowness | 'headers'): void;
  /** A session ended in ENHANCE_YOUR_CALM. */
  onFlood(what: Flood, socket: Socket): void;
  /** Milliseconds that never go back. */
  monotonic(): number;
};

export type Http2Session = {
  /** Streams that are open now. */
  streams(): number;
  /** Monotonic milliseconds since when there is none; of no meaning while there are some. */
  idleSince(): number;
  /** Whether anything ever came. */
  spoke(): boolean;
  /** Called about once a second: ends streams on which a client keeps us waiting, serves those that waited for room. */
  sweep(limits: PaceLimits, pressed: boolean): void;
  /** Whether, with no stream open, a header block has been on its way for longer than this. */
  hasLateHeaders(limitMs: number): boolean;
  /** GOAWAY: streams that are open finish, then the connection ends. */
  close(): void;
  destroy(): void;
};

/** `held` counts what is kept for this session's readers. */
export function createHttp2Session(socket: TLSSocket, held: HeldBytes, deps: Http2SessionDeps): Http2Session {
  const { monotonic } = deps;
  const session = http2.performServerHandshake(socket, SESSION_OPTIONS) as ServerHttp2Session;
  const onFlood = (what: Flood) => deps.onFlood(what, socket);
  const guard = createFloodGuard(session, socket, { monotonic, onFlood, destroy });
  const streams = createStreams(socket, { ...deps, held, guard });
  const headerBlocks = watchHeaderBlocks(session, socket);
  let spoke = false;

  function onControl(): void {
    spoke = true;
    guard.onControl();
  }

  function hasLateHeaders(limitMs: number): boolean {
    if (!headerBlocks.isLate(monotonic(), streams.idleSince(), limitMs)) return false;
    deps.onSlow('headers');
    return true;
  }

  function destroy(): void {
    session.destroy();
    socket.destroy();
  }

  session.on('stream', streams.onStream);
  session.on('remoteSettings', onControl);
  session.on('ping', onControl);
  session.on('error', ignore); // its close takes its streams along, which say it
  socket.on('error', ignore);

  const { count, idleSince, sweep } = streams;
  const close = () => session.close();
  return { streams: count, sweep, hasLateHeaders, idleSince, spoke: () => spoke, close, destroy };
}

function ignore(): void {}
