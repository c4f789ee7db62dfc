import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConsentState } from '../../src/event/envelope.ts';
import { type Consent, consentOf } from '../../src/inject/consent.ts';

/** analytics, security → with CONSENT=optional, with CONSENT=required */
const ROWS: [ConsentState, ConsentState, Consent, Consent][] = [
  ['granted', 'granted', 'granted', 'granted'],
  ['granted', 'unknown', 'granted', 'granted'],
  ['granted', 'denied', 'granted', 'granted'],
  ['unknown', 'granted', 'granted', 'security'],
  ['unknown', 'unknown', 'granted', 'dormant'],
  ['unknown', 'denied', 'granted', 'dormant'],
  ['denied', 'granted', 'security', 'security'],
  ['denied', 'unknown', 'security', 'dormant'],
  ['denied', 'denied', 'denied', 'denied'],
];

describe('consent', () => {
  for (const [analytics, security, optional, required] of ROWS) {
    test(`analytics ${analytics}, security ${security} → ${optional}, if required ${required}`, () => {
      assert.equal(consentOf({ analytics, security }, false), optional);
      assert.equal(consentOf({ analytics, security }, true), required);
    });
  }
});
