import type { ClientEvent, PageFacts, PayloadGroups } from '../../src/event/client-event.ts';
import type { Consent } from './consent.ts';
import { type Loose, toJson } from './json.ts';
import { NativeDate, now } from './natives.ts';

/** What a part of ours has to say; members of its groups may be undefined. */
export type Groups = { [name in keyof PayloadGroups]?: Loose<NonNullable<PayloadGroups[name]>> | undefined };

/** An event as far as its page knows it. */
export type Draft = Groups & Required<Pick<ClientEvent, 'event_id' | 'type'>> & { page: PageFacts };

export type EventWriter = (draft: Draft, urgent: boolean | undefined) => void;

type Deps = {
  consent: Consent;
  /** The session's groups of the next event; not asked where analytics is denied. */
  nextOfSession(): Groups;
  enqueue(event: string, urgent: boolean | undefined): void;
};

/** Makes an event of a draft, as far as consent allows, and hands it on as text without its end. */
export function createEventWriter({ consent, nextOfSession, enqueue }: Deps): EventWriter {
  return ({ event_id, type, page, ...facts }, urgent) => {
    const security = consent.mayProtect();
    if (consent.mayAnalyse()) {
      if (type === 'signals' && !security) return;
      facts = { ...facts, ...nextOfSession() };
    } else {
      // Only what tells machines from people: no visitor, no session, no query.
      if (!security || !/^(signals|pageview)$/.test(type)) return;
      const { protocol, domain, path } = facts.route!;
      facts = { results: facts.results, route: { protocol, domain, path } };
    }
    const event = {
      event_id,
      type,
      ts: new NativeDate(now()).toISOString(),
      consent: consent.choice,
      ...facts,
      page,
    };
    enqueue(toJson(event)!.slice(0, -2), urgent);
  };
}
