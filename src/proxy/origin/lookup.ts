/**
 * Names to addresses, remembered: the platform's look-up waits in the same few threads as the disk, and a disk
 * that hangs must not keep pages from their origin. After `freshMs` a name is asked again behind the back of
 * whoever connects; an answer that no longer comes leaves the last one in use for `staleMs`.
 */
import type { LookupAddress, LookupAllOptions, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

export type LookupCacheOptions = { freshMs: number; staleMs: number; maxNames: number };

export type LookupCacheDeps = {
  /** `dns.lookup` with `all: true`. */
  resolve(
    hostname: string,
    options: LookupAllOptions,
    done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  ): void;
  monotonic(): number;
};

type Entry = { addresses: LookupAddress[]; at: number; asking: boolean };
type Done = Parameters<LookupFunction>[2];

export function createLookupCache(options: LookupCacheOptions, deps: LookupCacheDeps): LookupFunction {
  const known = new Map<string, Entry>();

  function ask(
    hostname: string,
    settle: (error: NodeJS.ErrnoException | null, entry: Entry | null) => void,
  ): void {
    deps.resolve(hostname, { all: true }, (error, addresses) => {
      if (error !== null || addresses.length === 0) return settle(error ?? noAddress(hostname), null);
      const entry = { addresses, at: deps.monotonic(), asking: false };
      known.delete(hostname);
      if (known.size >= options.maxNames) known.delete(known.keys().next().value!);
      known.set(hostname, entry);
      settle(null, entry);
    });
  }

  function refresh(hostname: string, entry: Entry): void {
    if (entry.asking) return;
    entry.asking = true;
    ask(hostname, (error) => {
      if (error !== null) entry.asking = false;
    });
  }

  return function lookup(hostname, lookupOptions, done) {
    const entry = known.get(hostname);
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : deps.monotonic() - entry.at;
    if (entry === undefined || ageMs > options.staleMs) {
      return ask(hostname, (error, found) => (error ? done(error, '') : tell(found!, lookupOptions, done)));
    }
    if (ageMs > options.freshMs) refresh(hostname, entry);
    // never in the caller's own tick: net.connect expects its listeners to be in place
    queueMicrotask(() => tell(entry, lookupOptions, done));
  };
}

function tell({ addresses }: Entry, { all, family }: LookupOptions, done: Done): void {
  const wanted = family === 4 || family === 6 ? addresses.filter((one) => one.family === family) : addresses;
  if (wanted.length === 0) return done(noAddress('this family'), '');
  if (all) done(null, wanted);
  else done(null, wanted[0]!.address, wanted[0]!.family);
}

const noAddress = (name: string) => Object.assign(new Error(`no address for ${name}`), { code: 'ENOTFOUND' });
