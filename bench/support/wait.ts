import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const TRIES = 200;

/** Resolves when somebody accepts connections there. */
export async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await accepts(port)) return;
    await pause(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
