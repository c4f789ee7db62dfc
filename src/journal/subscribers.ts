/** Those who want to see accepted records as they come: the live view. Bounded by the rooms that `app.ts` joins. */
import { errorText } from '../lib/fs.ts';
import type { JournalLog } from './log.ts';

export type RecordListener = (records: readonly Buffer[]) => void;

export type Subscribers = {
  /** Returns what takes the listener out again. */
  add(listener: RecordListener): () => void;
  tell: RecordListener;
};

/** A listener that throws is reported and keeps nothing from anybody. */
export function createSubscribers(log: JournalLog): Subscribers {
  const listeners = new Set<RecordListener>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell(records) {
      for (const listener of listeners) {
        try {
          listener(records);
        } catch (error) {
          log.error({ error: errorText(error) }, 'a listener to the journal failed');
        }
      }
    },
  };
}
