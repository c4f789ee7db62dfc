/**
 * What node's parser refused never became a request: the answer goes onto the socket, which is then closed.
 * For a moment what still comes is read and thrown away, because a close with unread bytes is a reset, and a
 * reset takes the answer along (RFC 9112 §9.6).
 */
import type { Socket } from 'node:net';

const LINGER_MS = 500;

const bare = (status: string) => `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
const BAD_REQUEST = bare('400 Bad Request');
const ANSWERS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: bare('408 Request Timeout'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: bare('413 Payload Too Large'),
  HPE_HEADER_OVERFLOW: bare('431 Request Header Fields Too Large'),
};
const HTTPS_ONLY = 'This port speaks HTTPS.\n';
/** To a client that speaks HTTP in the clear where TLS is expected. */
export const SPEAK_HTTPS = `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${HTTPS_ONLY.length}\r\n\r\n${HTTPS_ONLY}`;
export const METHOD_NOT_ALLOWED = bare(
  '405 Method Not Allowed\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
);

/** The answer to what the parser says in `code` (`ERR_HTTP_REQUEST_TIMEOUT`, `HPE_…`). */
export function badRequestAnswer(code: string): string {
  return ANSWERS[code] ?? BAD_REQUEST;
}

/** Writes a last answer and closes. The socket's errors concern nobody any more. */
export function answerAndLeave(socket: Socket, answer: string): void {
  socket.on('error', () => {});
  socket.end(answer);
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS);
}
