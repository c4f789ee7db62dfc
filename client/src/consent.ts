import type { ConsentChoice } from '../../src/event/client-event.ts';
import { toJson } from './json.ts';
import { readDocument } from './natives.ts';

type Purpose = keyof ConsentChoice;

export type Consent = {
  /** To count and to know visitors. */
  mayAnalyse(): boolean;
  /** To tell machines from people. */
  mayProtect(): boolean;
  /** What the visitor has said, as far as anything is known. */
  choice: ConsentChoice;
  /** Remembers a choice; a purpose that it leaves out keeps its state. */
  choose(choice: ConsentChoice): void;
};

/**
 * `granted`, `denied` or (absent) unknown for each purpose. Unknown counts as granted unless the site
 * requires consent; a Global Privacy Control or Do Not Track signal denies analytics whatever was chosen.
 */
export function createConsent(required: boolean): Consent {
  /** Half a year, after which a choice should be asked for again. */
  const cookieSeconds = 15_552_000;
  const chosen: ConsentChoice = {};
  const cookie = /\bgt_consent=[^;]*/.exec(readDocument('cookie'))?.[0];
  cookie?.replace(/(analytics|security):(granted|denied)/g, (_, purpose: Purpose, state: 'granted') => {
    chosen[purpose] = state;
    return '';
  });
  const browser = navigator as Navigator & { globalPrivacyControl?: boolean };
  const objects = browser.globalPrivacyControl || browser.doNotTrack === '1';

  const may = (purpose: Purpose): boolean =>
    required ? chosen[purpose] === 'granted' : chosen[purpose] !== 'denied';

  return {
    mayAnalyse: () => !objects && may('analytics'),
    mayProtect: () => may('security'),
    choice: chosen,
    choose(choice) {
      Object.assign(chosen, choice);
      // analytics:granted.security:denied, readable: the server knows before the first byte of the next page.
      const value = toJson(chosen)!.replace(/[{"}]/g, '').replace(',', '.');
      const cookie = `gt_consent=${value};Path=/;Max-Age=${cookieSeconds};SameSite=Lax`;
      Reflect.set(Document.prototype, 'cookie', cookie, document);
    },
  };
}
