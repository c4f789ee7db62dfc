import { installApi } from './api.ts';
import { recordClicks } from './clicks.ts';
import { createConsent } from './consent.ts';
import { measureDevice } from './device.ts';
import { createEngagement } from './engagement.ts';
import { createEventWriter } from './event.ts';
import { readDocument } from './natives.ts';
import { onAddressChange } from './navigation.ts';
import { createPage, type PageFlags } from './page.ts';
import { listen } from './quiet.ts';
import { createSender } from './send.ts';
import { createSession } from './session.ts';
import { observe } from './signals/observe.ts';
import type { Settings } from './snippet.ts';
import { createSlot } from './storage.ts';
import { createToken } from './token.ts';
import { isVisible, onVisibility } from './visibility.ts';

/**
 * Joins the parts; an event goes one way through them:
 *
 *   clicks · engagement · signals · api ─ page (views) ─ event (consent, session) ─ send (batches)
 */
export function startTracker(settings: Settings): void {
  const reused = isReused();
  const consent = createConsent('consent' in settings);
  const { mayAnalyse } = consent;
  const mayStore = (): boolean => settings.identity !== 'memory' && mayAnalyse();
  const mayKnow = (): boolean => !/^[ms]/.test(settings.identity!) && mayStore();
  const session = createSession(
    reused ? undefined : settings.session,
    createSlot('sessionStorage', 'gotrack', mayStore),
    createSlot('localStorage', 'gotrack', mayKnow),
  );
  const sender = createSender(
    createToken(settings, !!reused),
    createSlot('sessionStorage', 'gotrack.unsent', mayStore),
    settings.collect,
  );
  const { record, turn } = createPage(
    createEventWriter({ consent, nextOfSession: session.nextGroups, enqueue: sender.enqueue }),
  );
  const engagement = createEngagement();
  /** Of the page view that has not begun yet. */
  let first: PageFlags | undefined = {
    reused,
    prerendered: readDocument('prerendering' as 'hidden') || undefined,
  };

  /** Dormant until the page is seen and some purpose is allowed; consent may be given at any time. */
  const start = (): void => {
    if (!first || !isVisible() || !(mayAnalyse() || consent.mayProtect())) return;
    begin(first);
    first = undefined;
    recordClicks(record);
    onAddressChange('hash' in settings, () => {
      end();
      begin({ virtual: true });
    });
    // Fires after `load`, and when the page comes back from the back/forward cache.
    listen<PageTransitionEvent>(window, 'pageshow', ({ persisted }) => {
      if (persisted) begin({ restored: true });
      else look();
    });
    if (readDocument('readyState') === 'complete') look();
  };

  const look = (): void => {
    if (session.current().signals) return;
    observe((results) => {
      session.current().signals = true;
      record('signals', { results, device: measureDevice() });
    });
  };

  const begin = (flags: PageFlags): void => {
    if (!flags.virtual) sender.adopt();
    turn({ ...flags, frame: window !== top || undefined });
    engagement.begin();
  };

  const end = (): void => {
    const scroll = engagement.end();
    if (scroll) record('scroll', { scroll });
  };

  installApi({
    track: (name, props) => (mayAnalyse() ? record(name, { props }, name === 'conversion') : undefined),
    identify(user) {
      session.current().session.user_id = user;
    },
    experiment(name, variant) {
      const current = session.current();
      current.experiments = { ...current.experiments, [name]: variant };
    },
    reset: session.forget,
    consent(choice) {
      consent.choose(choice);
      if (!mayAnalyse()) {
        session.forget();
        sender.drop();
      }
      start();
    },
  });
  onVisibility(start, () => {
    end();
    sender.leave();
  });
  start();
}

/**
 * Whether the browser took the page from its cache, with a token and a clock that may be old. While a body
 * still comes from the network, neither of its sizes is known, or the headers' already is.
 */
function isReused(): true | undefined {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return (entry!.encodedBodySize > 0 && !entry!.transferSize) || undefined;
}
