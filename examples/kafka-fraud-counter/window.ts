/** What is counted in one window; nothing here knows Kafka. */

type Event = {
  event_id: string;
  type: string;
  ip?: string;
  ip_hash?: string;
  server: { document_id?: string; auth?: { scheme: string } };
};

export type Window = {
  /** The value of one message. */
  add(value: string): void;
  /** Of the events so far. */
  readonly ids: ReadonlySet<string>;
  table(title: string): string;
};

const TOP = 10;

/** `before`: ids of the window that ended, which are known as repeats too. */
export function createWindow(before: ReadonlySet<string>): Window {
  const ids = new Set<string>();
  const clicks = new Map<string, number>();
  const networks = new Map<string, number>();
  /** Client by the id of a served document. */
  const served = new Map<string, string>();
  const rendered = new Set<string>();
  let repeats = 0;

  return {
    add(value) {
      const event = JSON.parse(value) as Event;
      if (ids.has(event.event_id) || before.has(event.event_id)) {
        repeats += 1;
        return;
      }
      ids.add(event.event_id);
      const client = event.ip ?? event.ip_hash ?? 'unknown';
      if (event.type === 'click') {
        increment(clicks, client);
        increment(networks, event.ip === undefined ? 'hashed' : networkOf(event.ip));
      }
      if (event.type === 'document') served.set(event.event_id, client);
      const { document_id, auth } = event.server;
      if (document_id !== undefined && auth?.scheme === 'v1') rendered.add(document_id);
    },
    ids,
    table(title) {
      const unseen = new Map<string, number>();
      for (const [id, client] of served) if (!rendered.has(id)) increment(unseen, client);
      const total = [...unseen.values()].reduce((sum, count) => sum + count, 0);
      return [
        `── ${title}: ${ids.size} events, ${repeats} repeats dropped, ${total} of ${served.size} pages not rendered`,
        ...rows('clicks of a client', clicks),
        ...rows('clicks of a network', networks),
        ...rows('pages not rendered', unseen),
      ].join('\n');
    },
  };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function rows(name: string, counts: ReadonlyMap<string, number>): string[] {
  const top = [...counts].sort(([, a], [, b]) => b - a).slice(0, TOP);
  return top.map(([key, count]) => `${name.padEnd(20)} ${key.padEnd(40)} ${String(count).padStart(8)}`);
}

/** The /24 of an IPv4 address, the /64 of an IPv6 one. */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return `${ip.split('.').slice(0, 3).join('.')}.0/24`;
  const [left = '', right] = ip.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
