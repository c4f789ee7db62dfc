/**
 * The store as a worker has it: accepted events go over the line to the first process, which has the journal, and
 * count as accepted when it says that they are synced. What is handed over in one turn of the event loop goes in
 * one message, so that under load a message carries many events, as a group commit does.
 */
import { ACCEPTED, type AppendOutcome, UNAVAILABLE } from '../../journal/append-queue.ts';
import type { StoreReport } from '../../telemetry/readiness.ts';
import type { Store } from '../store.ts';
import type { ParentChannel, StoreStatus, ToWorker } from './messages.ts';

/** As the journal bounds what waits for its disk. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** The journal itself answers after 10 s: after this the line or the first process hangs. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 1000;

const BUSY: AppendOutcome = { ok: false, reason: 'busy' };
const CLOSED: AppendOutcome = { ok: false, reason: 'closed' };
const UNKNOWN: StoreReport = { journal: { state: 'unavailable', used: 0 }, sinks: {} };

type Append = { readonly records: readonly Buffer[]; readonly answer: (outcome: AppendOutcome) => void };
type Sent = { readonly appends: readonly Append[]; readonly bytes: number; readonly since: number };

export type RemoteStore = Store & {
  /** Takes what the first process says of appends. */
  take(message: ToWorker & { kind: 'appended' }): void;
  /** Takes what `fill` and `report` answer from now on. */
  learn(status: StoreStatus): void;
};

export function createRemoteStore(
  channel: Pick<ParentChannel, 'send' | 'onClose'>,
  monotonic: () => number,
): RemoteStore {
  const sent = new Map<number, Sent>();
  let gathering: Append[] = [];
  let waitingBytes = 0;
  let nextId = 1;
  let fill = 0;
  let report = UNKNOWN;
  let isClosed = false;

  const settle = (id: number, outcomeOf: (index: number) => AppendOutcome) => {
    const message = sent.get(id);
    if (message === undefined) return;
    sent.delete(id);
    waitingBytes -= message.bytes;
    for (const [index, { answer }] of message.appends.entries()) answer(outcomeOf(index));
  };

  const sendGathered = () => {
    const appends = gathering;
    gathering = [];
    const records = appends.flatMap((append) => append.records);
    const bytes = Buffer.concat(records);
    const id = nextId++;
    sent.set(id, { appends, bytes: bytes.length, since: monotonic() });
    const lengths = appends.map((append) => append.records.map((record) => record.length));
    channel.send({ kind: 'append', id, lengths, bytes });
  };

  const expire = () => {
    const deadline = monotonic() - PATIENCE_MS;
    for (const [id, { since }] of sent) if (since <= deadline) settle(id, () => UNAVAILABLE);
  };
  const expiry = setInterval(expire, LOOK_EVERY_MS).unref();

  channel.onClose(() => {
    isClosed = true;
    for (const id of [...sent.keys()]) settle(id, () => UNAVAILABLE);
  });

  return {
    append(records) {
      if (isClosed) return Promise.resolve(CLOSED);
      if (records.length === 0) return Promise.resolve(ACCEPTED);
      const bytes = records.reduce((sum, record) => sum + record.length, 0);
      if (waitingBytes + bytes > MAX_WAITING_BYTES) return Promise.resolve(BUSY);
      waitingBytes += bytes;
      return new Promise((answer) => {
        if (gathering.length === 0) setImmediate(sendGathered);
        gathering.push({ records, answer });
      });
    },
    fill: () => fill,
    report: () => report,
    take: ({ id, outcomes }) => settle(id, (index) => outcomes[index] ?? UNAVAILABLE),
    learn(status) {
      ({ fill, report } = status);
    },
    async close() {
      isClosed = true;
      clearInterval(expiry);
    },
  };
}
