import type { ConsentChoice } from '../../src/event/client-event.ts';
import { toJson } from './json.ts';
import { quietly } from './quiet.ts';

/** What a site may call as `gotrack`, beside `push`. */
export type Api = {
  /** Returns the event's id; nothing where the event is refused. `props`: at most 4 KB of JSON. */
  track(name: string, props?: Record<string, unknown>): string | undefined;
  /** An internal id that never changes; never an e-mail address. */
  identify(user: string): void;
  consent(choice: ConsentChoice): void;
  /** At logout: another visitor and session, and no user. */
  reset(): void;
  /** Rides on every later event of the session. */
  experiment(name: string, variant: string): void;
};

type Call = (...args: unknown[]) => unknown;

const WORD = /^"[\w.:-]{1,64}"$/;
/** Three names are the proxy's own (events: envelope). */
const EVENT_NAME = /^"(?!(document|pixel|verdict)")[a-z0-9_.:-]{1,64}"$/;

/** For each call its arguments, in their order, and what their JSON must look like. */
const RULES: Record<string, Record<string, RegExp>> = {
  track: { name: EVENT_NAME, props: /^(undefined|{.{0,4094}})$/s },
  identify: { user: /^"[^\s@]{1,128}"$/ },
  consent: { choice: /^{("(analytics|security)":"(granted|denied)",?)+}$/ },
  reset: {},
  experiment: { name: WORD, variant: WORD },
};

export const isEventName = (name: unknown): name is string => EVENT_NAME.test(toJson(name)!);

/** What stands under our name: the list of early calls, which becomes the API. */
export const page = window as { gotrack?: unknown[] & Partial<Api> };

/**
 * Takes the name `gotrack`, unless the page has a thing of its own there, and makes the early calls: lists
 * like `['track', 'signup', {}]`, which `push` goes on taking. A call with bad arguments is refused, and the
 * console says so once for each kind.
 */
export function installApi(actions: Api): void {
  page.gotrack ||= [];
  const api = page.gotrack as unknown as { splice(from: number): unknown[] } & Record<string, Call>;
  if (!Array.isArray(api)) return;
  (api as Record<string, Call>).push = (...calls) => {
    for (const [name, ...args] of calls as [string, ...unknown[]][]) api[name]?.(...args);
  };
  const told: Record<string, true> = {};
  for (const [name, rules] of Object.entries(RULES)) {
    api[name] = quietly((...args) => {
      const fault = Object.entries(rules).find(
        ([, rule], i) => !rule.test(quietly(toJson)(args[i]) ?? typeof args[i]),
      )?.[0];
      if (!fault) return (actions as Record<string, Call>)[name]!(...args);
      if (!told[name + fault]) console.warn(`gotrack.${name}: bad ${fault}`);
      told[name + fault] = true;
    });
  }
  api.push(...api.splice(0));
}
