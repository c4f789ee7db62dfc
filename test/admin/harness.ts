import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdmin } from '../../src/admin/admin.ts';
import type { ReadinessReport } from '../../src/telemetry/readiness.ts';

export type Harness = Awaited<ReturnType<typeof startAdmin>>;

export const READY: ReadinessReport = {
  status: 'ready',
  journal: { state: 'open', used: 0.25 },
  sinks: {
    log: { state: 'ok', since: '2026-11-21T10:00:00.000Z', lag_events: 0, lag_s: 0 },
    kafka: { state: 'stalled', since: '2026-11-21T10:00:00.000Z', lag_events: 7, lag_s: 3, error: 'refused' },
  },
};

/** A listener whose journal, health and clock are the test's. */
export async function startAdmin(options: { allowedHosts?: string[]; port?: number } = {}) {
  const listeners = new Set<(records: readonly Buffer[]) => void>();
  const state = {
    readiness: { httpStatus: 200 as 200 | 503, body: READY },
    /** Added to the monotonic clock. */
    skewMs: 0,
    metricsText: async () => '# TYPE up gauge\nup 1\n',
    countersRead: 0,
    faults: [] as unknown[],
  };
  const admin = createAdmin(
    { host: '127.0.0.1', port: options.port ?? 0, allowedHosts: options.allowedHosts ?? [] },
    {
      clock: { now: () => Date.now(), monotonic: () => performance.now() + state.skewMs },
      metrics: { text: () => state.metricsText(), contentType: 'text/plain; version=0.0.4; charset=utf-8' },
      readiness: () => state.readiness,
      counters: async () => {
        state.countersRead++;
        return { requests: 12, injections: { inserted: 5, csp: 2 }, rejections: { 'bad-signature': 1 } };
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      siteUrl: () => 'http://127.0.0.1:19890',
      onFault: (fault) => state.faults.push(fault),
    },
  );
  const { port } = await admin.listen();

  return {
    state,
    port,
    url: `http://127.0.0.1:${port}`,
    subscribers: () => listeners.size,
    /** As the journal does after its sync. */
    publish(...events: (object | Buffer)[]): void {
      const records = events.map((event) =>
        Buffer.isBuffer(event) ? event : Buffer.from(JSON.stringify(event)),
      );
      for (const listener of listeners) listener(records);
    },
    close: () => admin.close(),
  };
}

export type Stream = {
  socket: Socket;
  /** All that came, framing of the transfer coding included: no test data looks like it. */
  text(): string;
  until(pattern: RegExp): Promise<string>;
  /** What has come is no longer in `text`. */
  forget(): void;
  closed: Promise<void>;
};

/** A viewer on a bare socket, which can stop reading. */
export function openStream(port: number, path = '/events', extraHeaders = ''): Stream {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let onData = () => {};
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    onData();
  });
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${extraHeaders}\r\n`);

  function until(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      onData = () => {
        const match = pattern.exec(text);
        if (match) resolve(match[0]);
      };
      onData();
    });
  }

  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const forget = () => {
    text = '';
  };
  return { socket, text: () => text, until, forget, closed };
}

/** The numbers `n` of the test's events in the order in which they came. */
export function numbersIn(text: string): number[] {
  return [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n));
}

/** Waits until something holds; a test that never sees it ends with what it waited for. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
}
