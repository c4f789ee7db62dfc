/**
 * Addresses whose sessions ended as floods, one after the other. For some seconds their new connections are offered
 * HTTP/1.1 alone: whoever shares such an address still gets the site, whole and nearly as fast, and a flood of
 * HTTP/2 has nowhere to go. Peers that are trusted are proxies and speak for many: they are exempt.
 */
import { createLru } from '../../lib/lru.ts';
import { Budget } from './budget.ts';

export type Peer = { readonly ipKey: string; readonly peerTrusted: boolean };

export type Penalties = {
  /** A session of this peer ended in ENHANCE_YOUR_CALM. */
  onFlood(peer: Peer): void;
  /** Whether the peer's new connections may speak HTTP/2. */
  mayUseHttp2(peer: Peer): boolean;
};

/** One session may end so by some client's fault; a third in a row, or one in ten seconds, is meant. */
const FLOODS = { burst: 2, perSecond: 0.1 };
const MAX_ADDRESSES = 4_096;

type Record = { readonly floods: Budget; until: number };

export function createPenalties(penaltyMs: number, monotonic: () => number): Penalties {
  const records = createLru<string, Record>(MAX_ADDRESSES);

  function onFlood({ ipKey, peerTrusted }: Peer): void {
    if (peerTrusted) return;
    const now = monotonic();
    const record = records.get(ipKey) ?? { floods: new Budget(FLOODS, now), until: 0 };
    if (!record.floods.spend(now)) record.until = now + penaltyMs;
    records.set(ipKey, record);
  }

  return {
    onFlood,
    mayUseHttp2: ({ ipKey, peerTrusted }) => peerTrusted || (records.get(ipKey)?.until ?? 0) <= monotonic(),
  };
}
