import type { EventRing } from './event-ring.ts';

const REPLAYED_EVENTS = 200;
const MESSAGE_BYTES = 256 * 2 ** 10;

/** Where a viewer begins: after the id it has if that is ours, else 200 records back. */
export function positionAfter(after: string | null, epoch: string, ring: EventRing): number {
  const [itsEpoch, number] = (after ?? '').split('.', 2);
  const next = Number(number);
  if (itsEpoch === epoch && Number.isInteger(next) && next >= 0 && next <= ring.end()) return next;
  return Math.max(ring.start(), ring.end() - REPLAYED_EVENTS);
}

const EVENT_HEAD = Buffer.from('event: events\n');
const DATA = Buffer.from('data: ');
const LINE_FEED = Buffer.from('\n');

/** Records from `from` on, as many as fit. A record is one line of JSON, so it cannot end its `data:` line. */
export function messageFrom(from: number, epoch: string, ring: EventRing): { message: Buffer; next: number } {
  const parts: Buffer[] = [EVENT_HEAD];
  let bytes = 0;
  let next = from;
  while (next < ring.end() && bytes < MESSAGE_BYTES) {
    const record = ring.get(next++)!;
    bytes += record.length;
    parts.push(DATA, record, LINE_FEED);
  }
  parts.push(Buffer.from(`id: ${epoch}.${next}\n\n`));
  return { message: Buffer.concat(parts), next };
}
