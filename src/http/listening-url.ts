import type { AddressInfo } from 'node:net';

/** The URL by which a person on this machine reaches what listens there. */
export function listeningUrl({ address, port }: AddressInfo, scheme: 'http' | 'https' = 'http'): string {
  const everywhere = address === '::' || address === '0.0.0.0';
  const host = everywhere ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  return `${scheme}://${host}:${port}`;
}
