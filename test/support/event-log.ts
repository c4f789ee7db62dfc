/** The NDJSON log of a running instance, read as an analyst would: whole lines only, each held to the schema. */
import { existsSync, readFileSync } from 'node:fs';
import type { Envelope } from '../../src/event/envelope.ts';
import { checkedBySchema } from './envelope-schema.ts';

export function readEvents(path: string): Envelope[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines.pop() !== '') throw new Error(`${path} ends in a torn line`);
  return lines.map(parseLine);
}

/** Waits until the log holds what is asked for; the events so far where it never does. */
export async function eventsWhen(
  path: string,
  enough: (events: Envelope[]) => boolean,
  withinMs = 15_000,
): Promise<Envelope[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const events = wholeLines(path);
    if (enough(events) || Date.now() > deadline) return events;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** While it is being written its last line may be half there. */
function wholeLines(path: string): Envelope[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole === '' ? [] : whole.trimEnd().split('\n').map(parseLine);
}

const checkedLines = new Map<string, Envelope>();

/** Tests that wait read the same lines again and again. */
function parseLine(line: string): Envelope {
  const known = checkedLines.get(line);
  if (known !== undefined) return known;
  const event = checkedBySchema(JSON.parse(line) as Envelope);
  checkedLines.set(line, event);
  return event;
}
