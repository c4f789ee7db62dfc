/**
 * What a server may say of its event, and a browser may not (protocol: "Servers as senders"): whose it is. Of
 * anybody else these words are dropped.
 */
import { MAX_UA } from '../event/limits.ts';
import { normaliseAddress } from '../http/client-address.ts';
import { type Cleaning, mend, refuse } from './clean.ts';
import type { EventForm } from './read-form.ts';

export type ServerClaims = {
  /** Normalised. */
  readonly ip?: string;
  readonly ua?: string;
};

/** What is no address or no text refuses the event: its own server can be mended. */
export function readServerClaims(cleaning: Cleaning, { ip, ua }: Pick<EventForm, 'ip' | 'ua'>): ServerClaims {
  const address = isAbsent(ip) ? null : typeof ip === 'string' ? normaliseAddress(ip) : null;
  if (!isAbsent(ip) && address === null) refuseClaim(cleaning, 'ip');
  if (!isAbsent(ua) && typeof ua !== 'string') refuseClaim(cleaning, 'ua');
  return {
    ...(address !== null && { ip: address }),
    ...(typeof ua === 'string' && ua !== '' && { ua: mend(cleaning, ua.slice(0, MAX_UA)) }),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function refuseClaim(cleaning: Cleaning, name: string): void {
  cleaning.path = '';
  cleaning.name = name;
  refuse(cleaning, 'bad-claim');
}
