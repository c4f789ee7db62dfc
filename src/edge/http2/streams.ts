/** The streams of one session: each becomes a request, is served when there is room, and is watched for slowness. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { answerSlowBody, answerTooLarge } from '../answers.ts';
import type { PaceLimits } from '../pace.ts';
import { takenBytes } from '../taken-bytes.ts';
import { type Arrival, createArrivals } from './arrivals.ts';
import { asUpgrade } from './extended-connect.ts';
import type { FloodGuard } from './flood-guard.ts';
import type { HeldBytes } from './held-bytes.ts';
import { Http2Request } from './request.ts';
import { readRequestHead } from './request-head.ts';
import { Http2Response } from './response.ts';
import { MAX_HEADER_BYTES } from './session-options.ts';
import { type Slowness, StreamWatch } from './stream-watch.ts';

export type Http2Handle = {
  request(clientReq: Http2Request, clientRes: Http2Response): void;
  /** An upgrade: `stream` becomes a tunnel, or `clientRes` refuses it. */
  connect(clientReq: Http2Request, clientRes: Http2Response, stream: Duplex): void;
};

export type StreamsDeps = {
  handle: Http2Handle;
  /** The session's share. */
  held: HeldBytes;
  guard: FloodGuard;
  /** For `Sec-WebSocket-Key`: 16 random bytes, base64. */
  newWebSocketKey(): string;
  /** Headers were too large, said as node's parser of HTTP/1.1 says it. */
  onBadRequest(code: string): void;
  /** A client kept us waiting for too long, and its stream was ended. */
  onSlow(what: Slowness): void;
  /** Milliseconds that never go back. */
  monotonic(): number;
};

export type Streams = {
  /** node's `stream` event: `raw` is flat. */
  onStream(stream: ServerHttp2Stream, parsed: IncomingHttpHeaders, flags: number, raw: string[]): void;
  /** That are open now. */
  count(): number;
  /** Monotonic milliseconds since when there is none; of no meaning while there are some. */
  idleSince(): number;
  sweep(limits: PaceLimits, pressed: boolean): void;
};

/** RFC 9113 §8.7: nothing was done with it, and it may be sent again. */
const REFUSED_STREAM = 0x7;

export function createStreams(socket: TLSSocket, deps: StreamsDeps): Streams {
  const { handle, held, guard, monotonic } = deps;
  const watches = new Map<Http2Response, StreamWatch>();
  const tunnels = new Set<Http2Response>();
  const arrivals = createArrivals(held, serve);
  let idleSince = monotonic();

  function onStream(
    stream: ServerHttp2Stream,
    parsed: IncomingHttpHeaders,
    _flags: number,
    raw: string[],
  ): void {
    stream.on('error', ignore); // its close says what we need to know
    if (stream.destroyed || stream.closed || guard.isCalmed()) return guard.onReset();
    if (!arrivals.hasRoom()) {
      stream.close(REFUSED_STREAM);
      return guard.onReset();
    }
    const head = readRequestHead(raw, parsed);
    const isConnect = head.protocol !== undefined;
    const clientReq = new Http2Request(
      stream,
      socket,
      isConnect ? asUpgrade(head, deps.newWebSocketKey) : head,
    );
    opened({ stream, clientReq, clientRes: new Http2Response(stream, clientReq, held), isConnect });
  }

  function opened(arrival: Arrival): void {
    const { stream, clientReq, clientRes, isConnect } = arrival;
    if (isConnect) tunnels.add(clientRes);
    else watches.set(clientRes, new StreamWatch(clientReq, clientRes, monotonic()));
    stream.once('close', () => onClose(clientRes, isConnect));
    arrivals.add(arrival);
  }

  function serve({ stream, clientReq, clientRes, isConnect }: Arrival): void {
    if (guard.isCalmed()) return;
    if (clientReq.headerBytes > MAX_HEADER_BYTES) refuseHeaders(clientRes);
    else if (isConnect) handle.connect(clientReq, clientRes, stream);
    else handle.request(clientReq, clientRes);
  }

  function refuseHeaders(clientRes: Http2Response): void {
    deps.onBadRequest('HPE_HEADER_OVERFLOW');
    answerTooLarge(clientRes);
  }

  function onClose(clientRes: Http2Response, isTunnel: boolean): void {
    if (isTunnel) tunnels.delete(clientRes);
    else watches.delete(clientRes);
    idleSince = monotonic();
    clientRes.onStreamClose();
    arrivals.remove(clientRes);
    if (!(isTunnel ? clientRes.headersSent : clientRes.ended)) guard.onReset();
  }

  function sweep(limits: PaceLimits, pressed: boolean): void {
    const facts = { now: monotonic(), pressed, taken: takenBytes(socket) };
    for (const clientRes of tunnels) clientRes.recount();
    for (const [clientRes, watch] of watches) {
      clientRes.recount();
      const slowness = watch.look(facts, limits);
      if (slowness !== null) endSlow(clientRes, slowness);
    }
    arrivals.serveSoon();
  }

  function endSlow(clientRes: Http2Response, slowness: Slowness): void {
    deps.onSlow(slowness);
    if (slowness === 'body' && !clientRes.headersSent) answerSlowBody(clientRes);
    else clientRes.destroy();
  }

  return { onStream, count: () => watches.size + tunnels.size, idleSince: () => idleSince, sweep };
}

function ignore(): void {}
