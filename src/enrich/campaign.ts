/**
 * Campaign and click ids, as advertisers write them into the address of a page (events: "Envelope"). The tracker
 * sends the address as it is, and this reads it, for the pixel and for a served document too: a click that was paid
 * for and never rendered can be told by it.
 */
import type { UrlFacts } from '../event/client-event.ts';
import { MAX_KEY } from '../event/limits.ts';

export type CampaignDeps = {
  /** What of a parameter's value may be kept; empty where nothing may. */
  readonly scrubParameter: (name: string, value: string) => string;
};

export type Campaign = Pick<UrlFacts, CampaignGroup>;

type CampaignGroup = 'utm' | 'google' | 'meta' | 'microsoft' | 'other_click_ids';

/** By the parameter, in lower case: whose click id it is. The others: TikTok, LinkedIn, Pinterest, X. */
const CLICK_IDS: ReadonlyMap<string, CampaignGroup> = new Map([
  ['gclid', 'google'],
  ['gclsrc', 'google'],
  ['dclid', 'google'],
  ['gbraid', 'google'],
  ['wbraid', 'google'],
  ['gad_source', 'google'],
  ['gad_campaignid', 'google'],
  ['fbclid', 'meta'],
  ['msclkid', 'microsoft'],
  ['ttclid', 'other_click_ids'],
  ['li_fat_id', 'other_click_ids'],
  ['epik', 'other_click_ids'],
  ['twclid', 'other_click_ids'],
]);

const UTM = 'utm_';

/** What a query (without `?`) says of a campaign. Of equal names the last wins. */
export function readCampaign(query: string, deps: CampaignDeps): Campaign {
  const campaign: Campaign = {};
  for (const [given, text] of new URLSearchParams(query)) {
    const name = given.toLowerCase();
    const group = name.startsWith(UTM) ? 'utm' : CLICK_IDS.get(name);
    if (group === undefined) continue;
    const key = group === 'utm' ? name.slice(UTM.length) : name;
    // Decoded, a value may show what nobody could see before.
    const value = deps.scrubParameter(given, text.replaceAll('\0', '\uFFFD'));
    if (value === '' || !isKey(key)) continue;
    campaign[group] ??= {};
    campaign[group][key] = value;
  }
  return campaign;
}

/** utm_source, utm_medium, …: what people make up besides is kept, if it could be a name at all. */
function isKey(key: string): boolean {
  return key.length <= MAX_KEY && /^[a-z0-9][a-z0-9_.-]*$/.test(key);
}
