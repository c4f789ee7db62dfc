/**
 * Reads GoTrack's topic and prints a table each window of what a fraud analyst looks at. A window is what was read in
 * its time, and offsets are committed when its table is printed: after a crash a window is counted again, never lost.
 * Memory is bounded: a window that holds MAX_EVENTS ids ends early, and the ids of one more are kept to know repeats.
 */
import { Consumer, type Message, type MessagesStream } from '@platformatic/kafka';
import { createWindow, type Window } from './window.ts';

const env = process.env;
const WINDOW_MS = Number(env.WINDOW_SECONDS ?? 60) * 1000;
/** Ends when nothing came for so long; 0: goes on for ever. */
const IDLE_MS = Number(env.EXIT_WHEN_IDLE_SECONDS ?? 0) * 1000;
const MAX_EVENTS = 100_000;

const consumer = new Consumer({
  clientId: 'fraud-counter',
  groupId: env.KAFKA_GROUP ?? 'fraud-counter',
  bootstrapBrokers: (env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(','),
});
const stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> = await consumer.consume({
  topics: [env.KAFKA_TOPIC ?? 'gotrack.events'],
  mode: 'committed',
  fallbackMode: 'earliest',
  autocommit: false,
});

let window: Window = createWindow(new Set());
/** The last message of each partition. */
const last = new Map<number, Message<Buffer, Buffer, Buffer, Buffer>>();
let lastAt = Date.now();
let printing = Promise.resolve();

function endWindow(): Promise<void> {
  const ended = window;
  window = createWindow(ended.ids);
  const read = [...last.values()];
  last.clear();
  printing = printing.then(async () => {
    console.log(ended.table(new Date().toISOString()));
    for (const message of read) await message.commit();
  });
  return printing;
}

const fail = (error: unknown) => {
  console.error(error);
  process.exit(1);
};
const timers = [setInterval(() => void endWindow().catch(fail), WINDOW_MS)];
const stop = () => void stream.close().catch(fail);
if (IDLE_MS > 0) timers.push(setInterval(() => Date.now() - lastAt > IDLE_MS && stop(), 200));
process.once('SIGINT', stop).once('SIGTERM', stop);

for await (const message of stream) {
  lastAt = Date.now();
  window.add(String(message.value));
  last.set(message.partition, message);
  if (window.ids.size >= MAX_EVENTS) await endWindow();
}
for (const timer of timers) clearInterval(timer);
await endWindow();
await consumer.close(true);
