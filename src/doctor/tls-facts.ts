/** What a TLS connection shows of the other side. */
import type { TLSSocket } from 'node:tls';

export type TlsFacts = {
  /** Why the certificate does not verify, as OpenSSL or node names it (`CERT_HAS_EXPIRED`); null: it does. */
  readonly problem: string | null;
  readonly protocol: string;
  /** Names that the certificate is for, as it writes them: `DNS:a.test, IP Address:127.0.0.1`. */
  readonly names: string;
  readonly issuer: string;
  /** Epoch milliseconds; null where it cannot be read. */
  readonly validUntil: number | null;
  /** The name that was asked for. */
  readonly asked: string;
};

export function readTls(socket: TLSSocket, asked: string): TlsFacts {
  const certificate = socket.getPeerCertificate();
  const until = Date.parse(certificate.valid_to ?? '');
  // Its type says Error; node sets the error's code.
  const problem = socket.authorized ? null : String(socket.authorizationError ?? 'unknown');
  const issuer = certificate.issuer as { O?: string; CN?: string } | undefined;
  return {
    problem,
    protocol: socket.getProtocol() ?? 'unknown',
    names: certificate.subjectaltname ?? '',
    issuer: issuer?.O ?? issuer?.CN ?? '',
    validUntil: Number.isNaN(until) ? null : until,
    asked,
  };
}
