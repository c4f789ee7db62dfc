import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConsentChoice } from '../../src/event/client-event.ts';
import { parseConsentCookie } from '../../src/event/consent-setting.ts';
import type { ConsentFacts } from '../../src/event/envelope.ts';
import { type ConsentOptions, createConsent } from '../../src/privacy/consent.ts';

const OPTIONS: ConsentOptions = {
  mode: 'optional',
  cookie: parseConsentCookie('cc; yes=analytics+security; necessary=security'),
  respectGpc: true,
  respectDnt: true,
};
const both = (
  analytics: 'granted' | 'denied',
  security: 'granted' | 'denied',
  source: ConsentFacts['source'],
) => ({ analytics, security, source });

type Row = {
  name: string;
  headers?: string[];
  choice?: ConsentChoice;
  options?: Partial<ConsentOptions>;
  facts: ConsentFacts;
};

const ROWS: Row[] = [
  { name: 'nothing known, optional', facts: both('granted', 'granted', 'default') },
  {
    name: 'nothing known, required',
    options: { mode: 'required' },
    facts: both('denied', 'denied', 'default'),
  },
  {
    name: "the tracker's cookie",
    headers: ['Cookie', 'gt_consent=analytics:denied.security:granted'],
    facts: both('denied', 'granted', 'api'),
  },
  {
    name: "the tracker's cookie about one purpose",
    headers: ['Cookie', 'gt_consent=security:denied'],
    facts: both('granted', 'denied', 'api'),
  },
  {
    name: 'the same, required',
    options: { mode: 'required' },
    headers: ['Cookie', 'gt_consent=security:granted'],
    facts: both('denied', 'granted', 'api'),
  },
  {
    name: 'a tracker cookie of nonsense',
    headers: ['Cookie', 'gt_consent=yes'],
    facts: both('granted', 'granted', 'default'),
  },
  {
    name: "the site's cookie grants all",
    options: { mode: 'required' },
    headers: ['Cookie', 'a=1; cc=yes'],
    facts: both('granted', 'granted', 'cookie'),
  },
  {
    name: "the site's cookie grants one",
    headers: ['Cookie', 'cc=necessary'],
    facts: both('denied', 'granted', 'cookie'),
  },
  {
    name: "another value of the site's cookie denies both",
    headers: ['Cookie', 'cc=whatever'],
    facts: both('denied', 'denied', 'cookie'),
  },
  {
    name: 'an encoded value',
    options: { cookie: parseConsentCookie('cc; a b=analytics') },
    headers: ['Cookie', 'cc=a%20b'],
    facts: both('granted', 'denied', 'cookie'),
  },
  {
    name: 'a broken encoding denies both',
    headers: ['Cookie', 'cc=%E0%A4%A'],
    facts: both('denied', 'denied', 'cookie'),
  },
  {
    name: 'the most restrictive of two cookies',
    headers: ['Cookie', 'gt_consent=analytics:granted.security:granted; cc=necessary'],
    facts: both('denied', 'granted', 'cookie'),
  },
  {
    name: 'and the other way round',
    headers: ['Cookie', 'gt_consent=analytics:denied.security:granted; cc=yes'],
    facts: both('denied', 'granted', 'api'),
  },
  {
    name: 'Global Privacy Control',
    headers: ['Sec-GPC', '1'],
    facts: { ...both('denied', 'granted', 'gpc'), gpc: true },
  },
  {
    name: 'Global Privacy Control that is not respected is noted',
    options: { respectGpc: false },
    headers: ['Sec-GPC', '1'],
    facts: { ...both('granted', 'granted', 'default'), gpc: true },
  },
  { name: 'Do Not Track', headers: ['DNT', '1'], facts: { ...both('denied', 'granted', 'dnt'), dnt: true } },
  {
    name: 'Do Not Track that is not respected',
    options: { respectDnt: false },
    headers: ['DNT', '1'],
    facts: { ...both('granted', 'granted', 'default'), dnt: true },
  },
  {
    name: 'DNT: 0 and Sec-GPC: 0 say nothing',
    headers: ['DNT', '0', 'Sec-GPC', '0'],
    facts: both('granted', 'granted', 'default'),
  },
  {
    name: 'both signals',
    headers: ['DNT', '1', 'Sec-GPC', '1'],
    facts: { ...both('denied', 'granted', 'gpc'), gpc: true, dnt: true },
  },
  {
    name: 'a signal against a granting cookie',
    headers: ['Cookie', 'cc=yes', 'Sec-GPC', '1'],
    facts: { ...both('denied', 'granted', 'gpc'), gpc: true },
  },
  {
    name: 'a choice in the body',
    options: { mode: 'required' },
    choice: { analytics: 'granted', security: 'granted' },
    facts: both('granted', 'granted', 'api'),
  },
  {
    name: 'a body cannot grant what a cookie denies',
    choice: { analytics: 'granted', security: 'granted' },
    headers: ['Cookie', 'cc=none'],
    facts: both('denied', 'denied', 'cookie'),
  },
  {
    name: 'a body denies what a cookie grants',
    choice: { security: 'denied' },
    headers: ['Cookie', 'cc=yes'],
    facts: both('granted', 'denied', 'cookie'),
  },
  { name: 'an empty choice', choice: {}, facts: both('granted', 'granted', 'default') },
];

describe('consent', () => {
  for (const { name, headers = [], choice, options, facts } of ROWS) {
    test(`${name}`, () => {
      const consent = createConsent({ ...OPTIONS, ...options });
      const decision = consent.decide(consent.ofRequest(headers), choice);
      assert.deepEqual(decision.recorded, facts);
      assert.equal(decision.analytics, facts.analytics === 'granted');
      assert.equal(decision.security, facts.security === 'granted');
    });
  }
});
