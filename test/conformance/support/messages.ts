/** Requests and answers as they go over the wire, short enough to stand in a row. Text is Latin-1. */

const CRLF = '\r\n';

/** Start line and lines with their ends, and the empty line. */
export const head = (...lines: string[]): string => lines.join(CRLF) + CRLF + CRLF;

export const get = (target: string, ...lines: string[]): string =>
  head(`GET ${target} HTTP/1.1`, 'Host: site.test', ...lines);

/** Any method, without a body. */
export const ask = (method: string, target = '/', ...lines: string[]): string =>
  head(`${method} ${target} HTTP/1.1`, 'Host: site.test', ...lines);

export const post = (target: string, body: string, ...lines: string[]): string =>
  head(`POST ${target} HTTP/1.1`, 'Host: site.test', ...lines, `Content-Length: ${body.length}`) + body;

/** A POST in chunks; `wire` is all that follows the head. */
export const inChunks = (wire: string, ...lines: string[]): string =>
  head('POST / HTTP/1.1', 'Host: site.test', ...lines, 'Transfer-Encoding: chunked') + wire;

export const chunk = (text: string): string => `${text.length.toString(16)}${CRLF}${text}${CRLF}`;
export const chunks = (...texts: string[]): string => `${texts.map(chunk).join('')}0${CRLF}${CRLF}`;

/** An answer with a length. */
export const answer = (status: string, body = '', ...lines: string[]): string =>
  head(`HTTP/1.1 ${status}`, ...lines, `Content-Length: ${body.length}`) + body;
