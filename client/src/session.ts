import type { PayloadGroups, SessionFacts } from '../../src/event/client-event.ts';
import type { Loose } from './json.ts';
import { now } from './natives.ts';
import type { Slot } from './storage.ts';
import { uuid } from './uuid.ts';

/** What a tab keeps of its session from page to page: groups of its events, and what we must remember. */
export type SessionRecord = {
  session: SessionFacts & { session_seq: number };
  experiments?: Record<string, string> | undefined;
  /** Of its last event. */
  at: number;
  /** Whether its `signals` event was made. */
  signals?: true;
};

export type Session = {
  /** Begun anew where the last one has ended. What is changed in it is kept with the next event. */
  current(): SessionRecord;
  /** The groups of the next event, which is counted. */
  nextGroups(): Loose<Pick<PayloadGroups, 'session' | 'experiments'>>;
  /** The next event is another visitor's session, and nobody's; nothing of this one stays on the device. */
  forget(): void;
};

/**
 * `given` is the session of our cookie, as the proxy wrote it into this page; `tab` and `device` are where
 * the session and its visitor are kept.
 */
export function createSession(
  given: string | undefined,
  tab: Slot<SessionRecord>,
  device: Slot<SessionFacts>,
): Session {
  const idleMs = 30 * 60_000;
  let held: SessionRecord | undefined;

  const begin = (session_id: string): SessionRecord => {
    const session = { ...held?.session, session_id, session_start_ts: now(), session_seq: 0 };
    held = { session, at: now() };
    return held;
  };

  const current = (): SessionRecord => {
    // Not before it is needed: without consent there is nothing to be read yet.
    if (!held) {
      held = tab.recall();
      if (given && held?.session.session_id !== given) begin(given);
    }
    return held && now() - held.at < idleMs ? held : begin(uuid());
  };

  return {
    current,
    nextGroups() {
      const record = current();
      const { session, experiments } = record;
      // No visitor where the browser keeps nothing: a new one on each page would be worse.
      if (!device.recall()) device.retain({ visitor_id: uuid(), first_visit_ts: now() });
      const groups = { session: { ...session, ...device.recall() }, experiments };
      session.session_seq++;
      record.at = now();
      tab.retain(record);
      return groups;
    },
    forget() {
      given = held = undefined;
      tab.retain(held);
      device.retain(held);
    },
  };
}
