import type { PageFacts, RouteFacts } from '../../src/event/client-event.ts';
import { readDevice } from './device.ts';
import type { EventWriter, Groups } from './event.ts';
import { readDocument } from './natives.ts';
import { later } from './quiet.ts';
import { clip, readRoute } from './route.ts';
import { uuid } from './uuid.ts';

export type PageFlags = {
  [name in 'virtual' | 'restored' | 'reused' | 'prerendered' | 'frame']?: true | undefined;
};

/** Puts an event onto the page view and returns the event's id; an urgent one is sent at once. */
export type Recorder = (type: string, groups: Groups, urgent?: boolean) => string;

export type Page = {
  record: Recorder;
  /** Another page view begins, here and now. */
  turn(flags: PageFlags): void;
};

type View = {
  ownFacts: PageFlags & { page_id: string; seq: number };
  /** As they were when the view began: its last events come when the address has already changed. */
  address: string;
  route: RouteFacts;
  referrer: string;
  announced?: boolean;
};

/** The page views of one document, one after the other, and the place of each event in them. */
export function createPage(write: EventWriter): Page {
  /** Frameworks set the title after they have changed the address. */
  const titleMs = 100;
  /** Events that a page may make before it is first seen. */
  const maxHeld = 20;
  let view: View | undefined;
  const held: (() => void)[] = [];

  /** A view's first event is its pageview, whatever comes next and when. */
  const announce = (): void => {
    if (!view || view.announced) return;
    view.announced = true;
    const { referrer, ownFacts } = view;
    const device = ownFacts.virtual ? undefined : readDevice();
    record('pageview', { url: { referrer }, device, route: { title: clip(readDocument('title')) } }, true);
  };

  const record = (type: string, groups: Groups, urgent?: boolean, event_id = uuid()): string => {
    announce();
    if (view) {
      const { ownFacts, route } = view;
      write(
        {
          event_id,
          type,
          ...groups,
          route: { ...route, ...groups.route },
          page: { ...ownFacts } as PageFacts,
        },
        urgent,
      );
      ownFacts.seq++;
    } else if (held.length < maxHeld) held.push(() => record(type, groups, urgent, event_id));
    return event_id;
  };

  const turn = (flags: PageFlags): void => {
    announce();
    const next: View = {
      ownFacts: { page_id: uuid(), seq: 0, ...flags },
      address: location.href,
      route: readRoute(),
      referrer: clip((flags.virtual && view?.address) || readDocument('referrer')),
    };
    view = next;
    if (flags.virtual) later(() => view === next && announce(), titleMs);
    else announce();
    for (const run of held.splice(0)) run();
  };

  return { record, turn };
}
