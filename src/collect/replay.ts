/**
 * What has been accepted in the last 10 minutes, by signature, so that a copy is answered and not emitted
 * again (protocol: "Replay"). Two generations of bounded maps: the older one is forgotten when the younger
 * has its age or is full, so an entry lives for one to two generations. A signature that was refused is as
 * if it had never come.
 *
 * State of a signature: unknown → (claim) pending → (accept) seen, or (refuse) unknown again.
 */
import type { Rejection } from './reject.ts';

export type ReplayOptions = {
  /** Milliseconds. */
  readonly generationMs: number;
  /** Signatures a generation. */
  readonly maxSignatures: number;
};

export type ReplayDeps = {
  readonly clock: { monotonic(): number };
  /** Signatures that went before their time because a generation was full. */
  readonly onForgotten: (count: number) => void;
};

/** What became of the first copy; `events` of an accepted one. */
export type Settled =
  | { readonly ok: true; readonly events: number }
  | { readonly ok: false; readonly rejection: Rejection };

export type Claim =
  | { readonly kind: 'first' }
  | { readonly kind: 'repeat'; readonly settled: Settled | Promise<Settled> };

export type Replay = {
  /** `signature` in hex. Whoever is `first` must settle it. A repeat of one in flight gets a promise. */
  claim(signature: string): Claim;
  settle(signature: string, settled: Settled): void;
  size(): number;
};

type Waiter = (settled: Settled) => void;

export function createReplay(options: ReplayOptions, deps: ReplayDeps): Replay {
  /** The number of events, by the signature's bytes. */
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  let bornAt = deps.clock.monotonic();
  /** Bounded by the requests in flight. */
  const pending = new Map<string, Waiter[]>();

  function turn(at: number): void {
    old = young;
    young = new Map();
    bornAt = at;
  }

  /** Late by less than a generation, the young one still has its age; by more, nothing is young enough. */
  function grow(now: number): void {
    if (now - bornAt < options.generationMs) return;
    turn(bornAt + options.generationMs);
    if (now - bornAt >= options.generationMs) {
      old = new Map();
      bornAt = now;
    }
  }

  function claim(signature: string): Claim {
    grow(deps.clock.monotonic());
    const key = bytesOf(signature);
    const waiters = pending.get(key);
    if (waiters !== undefined) return { kind: 'repeat', settled: new Promise((wait) => waiters.push(wait)) };
    const events = young.get(key) ?? old.get(key);
    if (events !== undefined) return { kind: 'repeat', settled: { ok: true, events } };
    pending.set(key, []);
    return { kind: 'first' };
  }

  function settle(signature: string, settled: Settled): void {
    const key = bytesOf(signature);
    const waiters = pending.get(key) ?? [];
    pending.delete(key);
    if (settled.ok) remember(key, settled.events);
    for (const wait of waiters) wait(settled);
  }

  function remember(key: string, events: number): void {
    if (young.size >= options.maxSignatures) {
      deps.onForgotten(old.size);
      turn(deps.clock.monotonic());
    }
    young.set(key, events);
  }

  return { claim, settle, size: () => young.size + old.size + pending.size };
}

/** A text of 32 bytes of its own, where the hex digits would keep the header alive that they stood in. */
function bytesOf(signature: string): string {
  return Buffer.from(signature, 'hex').toString('latin1');
}
