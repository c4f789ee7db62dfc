/**
 * One connection that speaks HTTP/2: its streams become requests, and what only a flood does ends it with GOAWAY
 * ENHANCE_YOUR_CALM. nghttp2 and node bound what never comes to us: header blocks, frames, acknowledgements.
 */
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { answerSlowBody } from '../answers.ts';
import type { PaceLimits } from '../pace.ts';
import { takenBytes } from '../taken-bytes.ts';
import { Budget } from './budget.ts';
import { asUpgrade } from './extended-connect.ts';
import { watchHeaderBlocks } from './header-block-watch.ts';
import type { HeldBytes } from './held-bytes.ts';
import { Http2Request } from './request.ts';
import { readRequestHead } from './request-head.ts';
import { Http2Response } from './response.ts';
import { type Slowness, StreamWatch } from './stream-watch.ts';

export type Http2Handle = {
  request(clientReq: Http2Request, clientRes: Http2Response): void;
  /** An upgrade: `stream` becomes a tunnel, or `clientRes` refuses it. */
  connect(clientReq: Http2Request, clientRes: Http2Response, stream: Duplex): void;
};

export type Http2SessionDeps = {
  handle: Http2Handle;
  /** For `Sec-WebSocket-Key`: 16 random bytes, base64. */
  newWebSocketKey(): string;
  /** A client kept us waiting for too long, and its stream was ended. */
  onSlow(what: Slowness | 'headers'): void;
  /** A session ended in ENHANCE_YOUR_CALM. */
  onFlood(what: Flood, socket: Socket): void;
  /** Milliseconds that never go back. */
  monotonic(): number;
};

/** `reset`: streams that ended before their answer did. `control`: PING and SETTINGS. */
export type Flood = 'reset' | 'control';

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

/** RFC 9113 §7. */
const ENHANCE_YOUR_CALM = 0xb;
/** Closing on unread bytes makes TCP reset the connection, and the GOAWAY would be lost. */
const LINGER_MS = 100;

/** Streams at once. A browser opens about a hundred for a page. */
const MAX_STREAMS = 128;
const MAX_HEADER_BYTES = 64 * 1024;
/** A browser that leaves a page resets all that it had open; one that does so again and again is none. */
const RESETS = { burst: 2 * MAX_STREAMS, perSecond: 33 };
const CONTROL_FRAMES = { burst: 200, perSecond: 20 };

type Arrived = {
  stream: ServerHttp2Stream;
  clientReq: Http2Request;
  clientRes: Http2Response;
  isConnect: boolean;
};

const SESSION_OPTIONS: http2.ServerSessionOptions = {
  settings: {
    maxConcurrentStreams: MAX_STREAMS,
    maxHeaderListSize: MAX_HEADER_BYTES,
    enableConnectProtocol: true,
  },
  // Bounded by bytes: RFC 9113 §6.5.2 counts 32 for each header besides its text.
  maxHeaderListPairs: MAX_HEADER_BYTES / 32,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  // Megabytes. All streams at once may have a piece of their answers waiting.
  maxSessionMemory: 16,
  // What the origin says twice is passed on twice, as over HTTP/1.1.
  strictSingleValueFields: false,
};

/** `held` counts what waits for this session's readers. */
export function createHttp2Session(socket: TLSSocket, held: HeldBytes, deps: Http2SessionDeps): Http2Session {
  const { handle, monotonic } = deps;
  const session = http2.performServerHandshake(socket, SESSION_OPTIONS) as ServerHttp2Session;
  const resets = new Budget(RESETS, monotonic());
  const control = new Budget(CONTROL_FRAMES, monotonic());
  const headerBlocks = watchHeaderBlocks(session, socket);
  const watches = new Map<Http2Response, StreamWatch>();
  const tunnels = new Set<Http2Response>();
  let arrived: Arrived[] = [];
  let idleSince = monotonic();
  let spoke = false;
  let calmed = false;
  let willServe = false;

  function onStream(stream: ServerHttp2Stream, parsed: IncomingHttpHeaders, _flags: number, raw: string[]) {
    stream.on('error', ignore); // its close says what we need to know
    if (stream.destroyed || stream.closed || calmed) return onReset();
    const head = readRequestHead(raw, parsed);
    const isConnect = head.protocol !== undefined;
    const seen = isConnect ? asUpgrade(head, deps.newWebSocketKey) : head;
    const clientReq = new Http2Request(stream, socket, seen);
    const clientRes = new Http2Response(stream, clientReq, held);
    if (!isConnect) watches.set(clientRes, new StreamWatch(clientReq, clientRes, monotonic()));
    else tunnels.add(clientRes);
    stream.once('close', () => onStreamClose(clientRes, isConnect));
    arrived.push({ stream, clientReq, clientRes, isConnect });
    serveSoon();
  }

  /** After all that came with it: a stream that was reset in the same breath costs the origin nothing. */
  function serveSoon(): void {
    if (willServe) return;
    willServe = true;
    setImmediate(serveArrived);
  }

  /** While too much waits for readers everywhere, a session that has its share of it gets no more: its streams wait. */
  function serveArrived(): void {
    willServe = false;
    while (arrived.length > 0 && !(held.isOver && held.bytes > 0)) {
      const { stream, clientReq, clientRes, isConnect } = arrived.shift()!;
      if (stream.destroyed || stream.closed || calmed) continue;
      clientRes.reserve();
      if (isConnect) handle.connect(clientReq, clientRes, stream);
      else handle.request(clientReq, clientRes);
    }
  }

  function onStreamClose(clientRes: Http2Response, isTunnel: boolean): void {
    if (isTunnel) tunnels.delete(clientRes);
    else watches.delete(clientRes);
    idleSince = monotonic();
    clientRes.onStreamClose();
    if (arrived.length > 0) {
      arrived = arrived.filter((waiting) => waiting.clientRes !== clientRes);
      serveSoon();
    }
    if (!(isTunnel ? clientRes.headersSent : clientRes.ended)) onReset();
  }

  function sweep(limits: PaceLimits, pressed: boolean): void {
    const facts = { now: monotonic(), pressed, taken: takenBytes(socket) };
    for (const clientRes of tunnels) clientRes.recount();
    for (const [clientRes, watch] of watches) {
      clientRes.recount();
      const slowness = watch.look(facts, limits);
      if (slowness !== null) endSlow(clientRes, slowness);
    }
    if (arrived.length > 0) serveSoon();
  }

  function endSlow(clientRes: Http2Response, slowness: Slowness): void {
    deps.onSlow(slowness);
    if (slowness === 'body' && !clientRes.headersSent) answerSlowBody(clientRes);
    else clientRes.destroy();
  }

  function onReset(): void {
    if (!session.destroyed && !resets.spend(monotonic())) calm('reset');
  }

  function onControl(): void {
    spoke = true;
    if (!session.destroyed && !control.spend(monotonic())) calm('control');
  }

  function calm(what: Flood): void {
    if (calmed) return;
    calmed = true;
    deps.onFlood(what, socket);
    session.goaway(ENHANCE_YOUR_CALM); // from here on nghttp2 ignores what it would open
    setTimeout(destroy, LINGER_MS);
  }

  function destroy(): void {
    session.destroy();
    socket.destroy();
  }

  session.on('stream', onStream);
  session.on('remoteSettings', onControl);
  session.on('ping', onControl);
  session.on('error', ignore); // its close takes its streams along, which say it
  socket.on('error', ignore);

  return {
    streams: () => watches.size + tunnels.size,
    sweep,
    hasLateHeaders(limitMs) {
      if (!headerBlocks.isLate(monotonic(), idleSince, limitMs)) return false;
      deps.onSlow('headers');
      return true;
    },
    idleSince: () => idleSince,
    spoke: () => spoke,
    close: () => session.close(),
    destroy,
  };
}

function ignore(): void {}
