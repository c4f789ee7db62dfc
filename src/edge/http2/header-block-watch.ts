/**
 * Header blocks that never end (RFC 9113 §6.10). nghttp2 says nothing of one before it is whole, but between its
 * frames there may be no others: a client that answers a PING has no block open. So where bytes have come of which
 * we know nothing, and nothing else goes on, we ask once.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';

export type HeaderBlockWatch = {
  /**
   * Whether what may be a header block is older than `limitMs`. Called about once a second while no stream is open;
   * `idleSince` is when the last one ended.
   */
  isLate(now: number, idleSince: number, limitMs: number): boolean;
};

export function watchHeaderBlocks(session: ServerHttp2Session, socket: TLSSocket): HeaderBlockWatch {
  /** Bytes that have come and belong to frames that are whole. */
  let known = 0;
  let unknownSince: number | null = null;
  let asked = false;

  function onAnswer(error: Error | null): void {
    asked = false;
    if (error !== null) return;
    known = socket.bytesRead;
    unknownSince = null;
  }

  function isLate(now: number, idleSince: number, limitMs: number): boolean {
    if (socket.bytesRead === known) return false;
    unknownSince = Math.max(unknownSince ?? now, idleSince);
    const waitedMs = now - unknownSince;
    if (asked) return waitedMs > limitMs;
    if (waitedMs > limitMs / 2) asked = session.ping(onAnswer);
    return false;
  }

  return { isLate };
}
