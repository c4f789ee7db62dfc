import { type Batch, bodyOf, isFull } from './batch.ts';
import { fetchNow, now } from './natives.ts';
import { later, quietly } from './quiet.ts';
import type { Slot } from './storage.ts';
import type { Issued, Token } from './token.ts';

/** Where we send to: the build puts the page's own origin here, and pixel.js that of its script. */
declare const COLLECT_ORIGIN: string;

export type Sender = {
  /** An event as `Batch.events` holds it; an urgent one goes at once, with all that waits. */
  enqueue(event: string, urgent: boolean | undefined): void;
  /** The page is left: sends all that waits, and keeps what has no answer yet for the next one. */
  leave(): void;
  /** Begins a page: takes over what earlier ones of this tab could not send. */
  adopt(): void;
  /** Forgets all that was not sent. */
  drop(): void;
};

/**
 * Batches and their answers. A batch keeps its signature when it is sent again, here or by the next page:
 * if the server had it after all, the copy counts as a repeat and nothing comes twice.
 * `collectPath`: the one path that everything is sent to; else the page's own.
 */
export function createSender(token: Token, slot: Slot<Batch[]>, collectPath: string | undefined): Sender {
  const maxWaitMs = 15_000;
  const retryMs = 10_000;
  const maxFailures = 3;
  /** What a page holds while nobody takes it; what comes then is lost. */
  const maxBatches = 10;
  /** `keepalive` allows 64 KB in all, and no batch has half of that (`isFull`). */
  const maxFlying = 2;
  const hello: Batch = { events: [] };
  const flying = new Set<Batch>();
  let batches: Batch[] = [];
  let failures = 0;
  let pausedUntil = 0;

  /** Synchronous up to its fetches where the token is fresh: a page that is being left has no later. */
  const flush = (): void => {
    if (!batches[0] || failures >= maxFailures || now() < pausedUntil) return;
    if (token.isFresh()) batches.forEach(deliver);
    else deliver(hello);
  };

  const deliver = async (batch: Batch): Promise<void> => {
    if (flying.has(batch) || flying.size >= maxFlying) return;
    flying.add(batch);
    let status = 0;
    let waitMs = 0;
    let done: boolean | undefined;
    let issued: boolean | undefined;
    try {
      if (!batch.header) {
        batch.at = now();
        // As in the page's href, where a bare `?` counts, without the hash.
        batch.path = collectPath ?? location.href.slice(location.origin.length).replace(/#.*/, '');
        batch.header = batch === hello ? 'hello' : token.signBody(batch.path, bodyOf(batch)!);
      }
      // By an absolute URL, because of `<base>`. `no-store` leaves the browser's cached page alone, which a
      // POST would else make it drop (RFC 9111 §4.4). A redirect is no answer of ours: nobody follows it. Credentials go along by
      // default, to the same origin only.
      const response = await fetchNow(COLLECT_ORIGIN + batch.path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-GoTrack-HMAC': batch.header! },
        body: bodyOf(batch),
        keepalive: true,
        cache: 'no-store',
        redirect: 'manual',
      });
      const { headers } = response;
      status = response.status;
      done = headers.has('X-GoTrack-Accepted');
      waitMs = +headers.get('Retry-After')! * 1000;
      issued = token.adopt((await response.json()) as Issued);
    } catch {
      // No network, or a body that is not JSON: what is known by now stands.
    }
    quietly(() => {
      flying.delete(batch);
      if (done) failures = 0;
      else if (issued) {
        failures++;
        batch.header = '';
        flush();
      } else if (batch !== hello && /^4(?!29)/.test(status as never)) done = true;
      else {
        // A success that is not ours: somebody else takes our POSTs, and more would only disturb the site.
        failures += status && status < 400 ? maxFailures : 1;
        waitMs ||= retryMs;
        pausedUntil = now() + waitMs;
        later(flush, waitMs);
      }
      if (done) batches = batches.filter((other) => other !== batch);
      // The last one may still be open; those before it had to wait for their turn.
      if (done && batches[1]) flush();
      keep();
    })();
  };

  const keep = (): void => {
    slot.retain(batches[0] && batches);
  };

  return {
    enqueue(event, urgent) {
      let open = batches[batches.length - 1];
      if (!open || open.header || isFull(open)) {
        if (batches.length === maxBatches) return;
        open = { events: [] };
        batches.push(open);
      }
      open.events.push(event);
      if (urgent || isFull(open)) flush();
      else later(flush, maxWaitMs);
    },
    leave() {
      flush();
      keep();
    },
    adopt() {
      failures = 0;
      const kept = slot.recall() ?? [];
      // Before anything else: what a page has written there in our name must not stop the next one, too.
      slot.retain(undefined);
      batches.push(...kept.filter(({ events }) => events[0]));
    },
    drop() {
      batches = [];
      slot.retain(undefined);
    },
  };
}
