/** From what the platform throws to what we call it. */
import type { OriginFailure } from './origin-client.ts';

/** `error.code` is node's (libuv, TLS); an error without one is a fault of the origin's HTTP. */
export function failureOf(error: Error & { code?: string }): OriginFailure {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOENT': // no such unix socket
    case 'EACCES': // nor may we open it
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'unresolvable';
    case 'ETIMEDOUT':
      return 'connect-timeout';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'reset';
    default:
      return isTls(error.code) ? 'tls' : 'invalid';
  }
}

/** OpenSSL's own names for what is wrong with a certificate are many; these are what they have in common. */
const TLS_CODE = /^ERR_TLS|^ERR_SSL|^UNABLE_TO_|CERT|^HOSTNAME_MISMATCH$|^INVALID_CA$|^EPROTO$/;

const isTls = (code = '') => TLS_CODE.test(code);
