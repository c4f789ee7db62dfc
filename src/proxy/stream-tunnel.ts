/**
 * Upgrades over HTTP/2 (RFC 8441): the client's extended CONNECT has become a request for an upgrade at the edge.
 * The origin's 101 is a 200 to the client, and then its stream carries the bytes. A refusal passes on as it came.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Exchange } from '../http/exchange.ts';
import { headerValue, type RawHeaders, removeHeader } from '../http/raw-headers.ts';
import type { OriginFailure } from './origin/origin-client.ts';
import { answerError, errorOf } from './proxy-error.ts';
import { clientHeaders, endToEndHeaders } from './request-headers.ts';
import { holdEarlyBytes, join, type TunnelDeps, type TunnelOptions } from './tunnel.ts';
import { requestUpgrade } from './upgrade-request.ts';

export type StreamTunnels = {
  /** Answers by the exchange's response; the bytes go over `stream`, which is the same stream of HTTP/2. */
  open(exchange: Exchange, stream: Duplex): void;
  /** Cuts every tunnel that is open, and those that wait for the origin. */
  closeAll(): void;
};

const NOTHING = Buffer.alloc(0);

export function createStreamTunnels(options: TunnelOptions, deps: TunnelDeps): StreamTunnels {
  const streams = new Set<Duplex>();

  function open(exchange: Exchange, stream: Duplex): void {
    streams.add(stream);
    const originReq = requestUpgrade(exchange, options, {
      onUpgrade(originRes, originSocket, originEarly) {
        if (!answersKey(originRes, exchange)) {
          originSocket.destroy();
          return fail('invalid', new Error('Sec-WebSocket-Accept does not answer the key'));
        }
        const held = takeHeld();
        deps.onOpen();
        stream.once('close', deps.onClose);
        exchange.clientRes
          .writeHead(200, acceptedHeaders(clientHeaders(originRes.rawHeaders, exchange, options)))
          .flushHeaders();
        if (originEarly.length > 0) stream.write(originEarly);
        if (held.length > 0) originSocket.write(held);
        join(stream, originSocket);
        // A stream that its client reset has both its ends, as if all had been said.
        stream.once('close', () => {
          if ((stream as ServerHttp2Stream).rstCode) originSocket.destroy();
        });
      },
      onInformational({ statusCode, rawHeaders }) {
        exchange.clientRes.writeInformation?.(statusCode, endToEndHeaders(rawHeaders));
      },
      onRefusal(originRes) {
        takeHeld();
        passRefusal(originRes, clientHeaders(originRes.rawHeaders, exchange, options), { exchange, stream });
      },
      onFailure: fail,
    });
    function fail(failure: OriginFailure, cause: Error): void {
      if (stream.destroyed) return;
      takeHeld();
      deps.onFailure(exchange, failure, cause);
      exchange.clientRes.shouldKeepAlive = false;
      answerError(exchange, errorOf(failure));
    }
    stream.once('close', () => {
      streams.delete(stream);
      originReq.destroy();
    });
    const takeHeld = holdEarlyBytes(stream, NOTHING);
  }

  return {
    open,
    closeAll: () => {
      for (const stream of streams) stream.destroy(new Error('closing'));
    },
  };
}

/** RFC 8441 §5: there are no key and no accept between the client and us, so this check is ours. */
function answersKey(originRes: IncomingMessage, { clientReq }: Exchange): boolean {
  const key = clientReq.headers['sec-websocket-key'];
  return key === undefined || headerValue(originRes.rawHeaders, 'sec-websocket-accept') === acceptOf(key);
}

/** RFC 6455 §4.2.2. */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** RFC 9110 §8.6: what answers a CONNECT with success has no Content-Length. */
function acceptedHeaders(headers: RawHeaders): RawHeaders {
  removeHeader(headers, 'sec-websocket-accept');
  removeHeader(headers, 'content-length');
  return headers;
}

/** What the client still sends is thrown away; its body, where it was cut, must not look whole. */
function passRefusal(
  originRes: IncomingMessage,
  headers: RawHeaders,
  { exchange: { clientRes }, stream }: { exchange: Exchange; stream: Duplex },
): void {
  const { statusCode, statusMessage } = originRes;
  stream.resume();
  clientRes.shouldKeepAlive = false;
  clientRes.writeHead(statusCode!, statusMessage!, headers).flushHeaders();
  originRes.once('aborted', () => clientRes.destroy());
  originRes.once('end', () => clientRes.end());
  originRes.pipe(stream, { end: false });
}
