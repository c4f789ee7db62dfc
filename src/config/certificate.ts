/** The certificate that visitors see, and its key: read from two files and looked at before anybody is served. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** PEM: the certificate with its chain, and its key. */
export type KeyPair = { readonly cert: string; readonly key: string };

/** `culprit` is the file that somebody should look at. */
export type KeyPairFault = { readonly culprit: 'cert' | 'key'; readonly problem: string };

const BEGIN = '-----BEGIN CERTIFICATE-----';
/** OpenSSL reads SSL_CERT_FILE too, so many machines have it set to the hundred authorities that they trust. */
const LONGEST_CHAIN = 10;

/** Null: the two can be served. What a browser may think of the names in it is not asked. */
export function faultOf({ cert, key }: KeyPair): KeyPairFault | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return { culprit: 'cert', problem: 'holds no certificate in PEM form' };
  }
  if (cert.split(BEGIN, LONGEST_CHAIN + 2).length > LONGEST_CHAIN + 1) {
    const problem =
      'is a list of authorities, which other programs look for in SSL_CERT_FILE: name your own certificate';
    return { culprit: 'cert', problem };
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return { culprit: 'key', problem: 'is not the key of the certificate in SSL_CERT_FILE' };
  } catch {
    return { culprit: 'key', problem: 'holds no unencrypted private key in PEM form' };
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    return { culprit: 'cert', problem: `cannot be used: ${(error as Error).message}` };
  }
  return null;
}

/** What is wrong with the dates of a certificate at `now` (epoch milliseconds), or null. */
export function dateFaultOf({ cert }: KeyPair, now: number): string | null {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  if (now > validToDate.getTime()) return `expired on ${validToDate.toISOString()}`;
  if (now < validFromDate.getTime()) return `is not valid before ${validFromDate.toISOString()}`;
  return null;
}
