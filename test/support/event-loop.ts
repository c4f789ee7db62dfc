/** What tests of things with timers need: production timers never keep the process alive by themselves. */
import { after, before } from 'node:test';

/** Keeps the event loop alive while the tests of a file run on fakes. */
export function keepEventLoopAlive(): void {
  let timer: NodeJS.Timeout;
  before(() => {
    timer = setInterval(() => {}, 1000);
  });
  after(() => clearInterval(timer));
}

/** Waits until something holds, looking again after each turn of the event loop. */
export async function until(holds: () => boolean, what: string, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await turn();
  }
}

/** Waits for a fact outside of this process, and leaves the processor to others meanwhile. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
