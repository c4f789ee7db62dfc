/**
 * Sends events to the viewers as server-sent events (HTML standard, "Server-sent events").
 *
 * `events`: one `data:` line a record, at most ten messages a second; its `id` says where to go on from.
 * `skipped`: how many records this viewer missed because it, or its line, was too slow.
 * `status`: counters, sinks and rates, every second; it is the heartbeat as well.
 *
 * Bounds: 16 viewers; a ring of 1,000 records and 4 MB; a message of 256 KB and one more record at most; a
 * viewer that has not taken its last message gets no other, and after 60 s of that it is cut.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import type { ReadinessReport } from '../telemetry/readiness.ts';
import { messageFrom, positionAfter } from './event-message.ts';
import { createEventRing } from './event-ring.ts';
import type { LiveCounters } from './live-status.ts';
import { createRateHistory } from './rate-history.ts';

export type LiveFeedDeps = {
  clock: Clock;
  readiness(): { body: ReadinessReport };
  counters(): Promise<LiveCounters>;
  subscribe(listener: (records: readonly Buffer[]) => void): () => void;
  siteUrl(): string | null;
  onFault(fault: unknown): void;
};

export type LiveFeed = {
  /** Makes a response a stream. `after` is the last `id` that the viewer saw; it goes on from there. */
  open(clientRes: ServerResponse, request: { after: string | null; headOnly: boolean }): OpenOutcome;
  close(): void;
};
export type OpenOutcome = { ok: true } | { ok: false; reason: 'full' };

export const MAX_VIEWERS = 16;
const RING = { maxEvents: 1000, maxBytes: 4 * 2 ** 20 };
const BATCH_MS = 100;
const STATUS_MS = 1000;
const BLOCKED_MS = 60_000;

type Viewer = {
  readonly clientRes: ServerResponse;
  /** The number of the next record to send. */
  next: number;
  /** Monotonic time since when it has not taken what was sent; null while it keeps up. */
  blockedSince: number | null;
};

export function createLiveFeed(deps: LiveFeedDeps): LiveFeed {
  const ring = createEventRing(RING);
  const rates = createRateHistory();
  const viewers = new Set<Viewer>();
  // Numbers start at 0 again with the process: an id of an earlier one must not be taken for ours.
  const epoch = deps.clock.now().toString(36);
  let batchTimer: NodeJS.Timeout | null = null;
  let statusTimer: NodeJS.Timeout | null = null;

  const unsubscribe = deps.subscribe((records) => {
    for (const record of records) ring.push(record);
    rates.add(records.length, deps.clock.monotonic());
    if (viewers.size > 0) scheduleBatch();
  });

  function open(
    clientRes: ServerResponse,
    request: { after: string | null; headOnly: boolean },
  ): OpenOutcome {
    if (viewers.size >= MAX_VIEWERS) return { ok: false, reason: 'full' };
    // No proxy between may hold events back (nginx's name for that).
    clientRes.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'X-Accel-Buffering': 'no',
    });
    if (request.headOnly) {
      clientRes.end();
      return { ok: true };
    }
    const viewer: Viewer = { clientRes, next: positionAfter(request.after, epoch, ring), blockedSince: null };
    viewers.add(viewer);
    clientRes.on('drain', () => unblock(viewer));
    clientRes.on('close', () => remove(viewer));
    clientRes.on('error', () => remove(viewer));
    write(viewer, 'retry: 1000\n\n');
    sendRecords(viewer);
    void sendStatus();
    statusTimer ??= setInterval(() => void sendStatus(), STATUS_MS);
    return { ok: true };
  }

  function remove(viewer: Viewer): void {
    viewers.delete(viewer);
    if (viewers.size === 0) stopTimers();
  }

  function scheduleBatch(): void {
    batchTimer ??= setTimeout(() => {
      batchTimer = null;
      for (const viewer of viewers) sendRecords(viewer);
    }, BATCH_MS);
  }

  function sendRecords(viewer: Viewer): void {
    if (viewer.blockedSince !== null) return;
    const skipped = Math.max(ring.start() - viewer.next, 0);
    if (skipped > 0) write(viewer, `event: skipped\ndata: ${skipped}\n\n`);
    viewer.next += skipped;
    if (viewer.next === ring.end()) return;
    const { message, next } = messageFrom(viewer.next, epoch, ring);
    viewer.next = next;
    write(viewer, message);
    if (next < ring.end()) scheduleBatch();
  }

  function unblock(viewer: Viewer): void {
    viewer.blockedSince = null;
    if (viewer.next < ring.end()) scheduleBatch();
  }

  async function sendStatus(): Promise<void> {
    cutBlocked();
    try {
      const message = `event: status\ndata: ${JSON.stringify(await statusNow())}\n\n`;
      for (const viewer of viewers) if (viewer.blockedSince === null) write(viewer, message);
    } catch (fault) {
      deps.onFault(fault);
    }
  }

  async function statusNow() {
    return {
      total: ring.end(),
      rates: rates.read(deps.clock.monotonic()),
      viewers: viewers.size,
      site: deps.siteUrl(),
      readiness: deps.readiness().body,
      counters: await deps.counters(),
    };
  }

  function write(viewer: Viewer, message: string | Buffer): void {
    if (!viewer.clientRes.write(message)) viewer.blockedSince ??= deps.clock.monotonic();
  }

  function cutBlocked(): void {
    const now = deps.clock.monotonic();
    for (const { clientRes, blockedSince } of viewers) {
      if (blockedSince !== null && now - blockedSince > BLOCKED_MS) clientRes.destroy();
    }
  }

  function stopTimers(): void {
    if (batchTimer !== null) clearTimeout(batchTimer);
    if (statusTimer !== null) clearInterval(statusTimer);
    batchTimer = statusTimer = null;
  }

  function close(): void {
    unsubscribe();
    stopTimers();
    for (const { clientRes } of viewers) clientRes.end();
    viewers.clear();
  }

  return { open, close };
}
