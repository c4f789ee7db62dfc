/** A sender of signed events at 2,000 a second that remembers what it was promised. */
import { createLedger, type Ledger } from './ledger.ts';
import { events, type Grant, post, signatureOf } from './signer.ts';

const EVENTS_A_POST = 20;
const POSTS_A_SECOND = 100;

export type Sender = {
  /** Of every event that was answered 202. */
  readonly ledger: Ledger;
  /** How many POSTs had which answer so far: a status, and `+` where it says when to come again. */
  readonly answers: ReadonlyMap<string, number>;
  /** Sends until told to stop, by the clock and not by pauses, so that a loaded machine sends as many. */
  sendUntil(site: string, grant: Grant, stopped: () => boolean): Promise<void>;
};

export function createSender(postsASecond = POSTS_A_SECOND): Sender {
  const ledger = createLedger();
  const answers = new Map<string, number>();

  async function sendOne(site: string, grant: Grant): Promise<void> {
    const batch = events(EVENTS_A_POST);
    const body = JSON.stringify(batch);
    try {
      const response = await post(site, '/p', body, signatureOf(grant, '/p', body));
      const answer = (await response.json()) as { accepted: number };
      const key = `${response.status}${response.headers.has('retry-after') ? '+' : ''}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
      if (response.status === 202 && answer.accepted === batch.length)
        ledger.accept(...batch.map(({ event_id }) => event_id));
    } catch {
      // a process died under this request: nothing was promised
    }
  }

  return {
    ledger,
    answers,
    async sendUntil(site, grant, stopped) {
      const waiting: Promise<void>[] = [];
      const startedAt = performance.now();
      while (!stopped()) {
        const due = ((performance.now() - startedAt) / 1000) * postsASecond;
        while (waiting.length < due) waiting.push(sendOne(site, grant));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await Promise.all(waiting);
    },
  };
}
