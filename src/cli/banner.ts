/** What a person reads at every start on a terminal: where things are, what is collected, how to turn it off. */
import type { Config } from '../config/fields.ts';

export type Addresses = { site: string; admin: string | null };

/** `before` names what stands behind us. */
export function bannerOf(config: Config, before: string, { site, admin }: Addresses): string {
  const events = config.logPath === 'stdout' ? 'standard output' : config.logPath;
  return `
  GoTrack stands before ${before}

  site        ${site}
  live view   ${admin ?? 'off (METRICS_ENABLED=true turns it on)'}
  events      ${events}

  tracking    ${trackingLine(config)}
  addresses   ${config.ipHashSecret === undefined ? 'stored as they are (IP_HASH_SECRET stores keyed hashes)' : 'stored as keyed hashes'}
  consent     ${config.consent === 'required' ? 'required: nothing is recorded before a visitor agrees' : 'optional: an unknown choice counts as granted (CONSENT=required waits for one)'}
`;
}

function trackingLine(config: Config): string {
  if (!config.tracking) return 'off: pages pass untouched and nothing is recorded';
  const kept = { visitor: 'visitor and session ids', session: 'a session id', memory: 'no id' }[
    config.identity
  ];
  return `on: page views, clicks and device facts, with ${kept} in the browser (TRACKING=off turns everything off)`;
}
