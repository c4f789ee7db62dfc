import type { RequestHead } from './request-head.ts';

/**
 * An extended CONNECT (RFC 8441 §5) as the request of HTTP/1.1 that asks for the same: a GET with `Upgrade`. A
 * WebSocket's key is made anew, because the client sends none.
 */
export function asUpgrade(head: RequestHead, newKey: () => string): RequestHead {
  const rawHeaders = head.rawHeaders.slice();
  const headers = { ...head.headers, upgrade: head.protocol! };
  if (head.protocol === 'websocket') {
    const key = newKey();
    rawHeaders.push('Sec-WebSocket-Key', key);
    headers['sec-websocket-key'] = key;
  }
  return { ...head, method: 'GET', rawHeaders, headers };
}
