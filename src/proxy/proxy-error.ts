/** Our own small answers where the origin gave none (PROXY: "origin lost"). */
import type { Exchange, RequestSide } from '../http/exchange.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { OriginFailure } from './origin/origin-client.ts';

export type ProxyError = { status: 502 | 504; title: string; detail: string };

export function errorOf(failure: OriginFailure): ProxyError {
  switch (failure) {
    case 'refused':
      return { status: 502, title: 'Bad gateway', detail: 'The site did not accept a connection.' };
    case 'unresolvable':
      return { status: 502, title: 'Bad gateway', detail: "The site's name could not be resolved." };
    case 'reset':
    case 'aborted':
      return {
        status: 502,
        title: 'Bad gateway',
        detail: 'The site closed the connection before it answered.',
      };
    case 'tls':
      return { status: 502, title: 'Bad gateway', detail: "The site's certificate could not be verified." };
    case 'invalid':
      return { status: 502, title: 'Bad gateway', detail: 'The site gave an answer that is not valid HTTP.' };
    case 'connect-timeout':
      return { status: 504, title: 'Gateway timeout', detail: 'The site could not be reached in time.' };
    case 'head-timeout':
      return { status: 504, title: 'Gateway timeout', detail: 'The site did not answer in time.' };
    default:
      return assertNever(failure);
  }
}

/** Onto the response of an exchange whose head has not gone out. */
export function answerError(exchange: Exchange, error: ProxyError): void {
  const { headers, body } = errorAnswer(exchange, error);
  exchange.clientRes.writeHead(error.status, headers).end(body);
}

/** A page or JSON by `Accept`, with the request id that the log has too. The body is to be sent as UTF-8. */
export function errorAnswer(
  { clientReq, requestId }: RequestSide,
  error: ProxyError,
): { headers: RawHeaders; body: string } {
  const wantsHtml = (clientReq.headers.accept ?? '').includes('text/html');
  const body = wantsHtml ? htmlOf(error, requestId) : jsonOf(error, requestId);
  const type = wantsHtml ? 'text/html; charset=utf-8' : 'application/json';
  const length = String(Buffer.byteLength(body));
  return { headers: ['Content-Type', type, 'Cache-Control', 'no-store', 'Content-Length', length], body };
}

const jsonOf = (error: ProxyError, requestId: string) =>
  JSON.stringify({ error: error.title, detail: error.detail, request_id: requestId });

/** `requestId` may come from a trusted peer's header: escaped all the same. */
const htmlOf = (error: ProxyError, requestId: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${error.status} ${error.title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>${error.title}</h1><p>${error.detail} Please try again in a moment.</p><p><small>Request ${escapeHtml(requestId)}</small></p></html>`;

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
