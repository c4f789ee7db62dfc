/** Trailers beyond us: a reader may take them for headers, so they are held to the same rules. */
import type { RequestSide } from '../http/exchange.ts';
import { connectionListed, isHopByHop } from '../http/hop-by-hop.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import { isWithheld, type RequestHeaderOptions } from './request-headers.ts';

/** RFC 9110 §6.5.1: framing, routing, and what a reader must know before the body. */
const NO_TRAILERS = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'max-forwards',
  'set-cookie',
  'trailer',
  'via',
]);

/** Those of a client's body that has ended, for the origin. */
export function originTrailers(exchange: RequestSide, options: RequestHeaderOptions): RawHeaders {
  const { rawTrailers, rawHeaders } = exchange.clientReq;
  if (rawTrailers.length === 0) return rawTrailers;
  const listed = connectionListed(rawHeaders);
  return passing(
    rawTrailers,
    (name) => !listed?.has(name.toLowerCase()) && !isWithheld(name, exchange, options),
  );
}

/** Those of the origin's body, for the client. */
export function clientTrailers(trailers: RawHeaders): RawHeaders {
  return trailers.length === 0 ? trailers : passing(trailers, () => true);
}

function passing(trailers: RawHeaders, mayPass: (name: string) => boolean): RawHeaders {
  const passed: RawHeaders = [];
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]!;
    if (isHopByHop(name) || NO_TRAILERS.has(name.toLowerCase()) || !mayPass(name)) continue;
    passed.push(name, trailers[i + 1]!);
  }
  return passed;
}
