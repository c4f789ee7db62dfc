import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConsentCookie } from '../../src/event/consent-setting.ts';

describe('CONSENT_COOKIE', () => {
  test('names a cookie and what each of its values grants', () => {
    const setting = parseConsentCookie('cc; yes=analytics+security; necessary = security ; none=');
    assert.equal(setting?.name, 'cc');
    assert.deepEqual(
      [...setting!.grants],
      [
        ['yes', { analytics: true, security: true }],
        ['necessary', { analytics: false, security: true }],
        ['none', { analytics: false, security: false }],
      ],
    );
  });

  test('a value may hold an equals sign', () => {
    assert.deepEqual([...parseConsentCookie('cc; a=1=analytics')!.grants.keys()], ['a=1']);
  });

  for (const text of [
    '',
    'cc',
    'cc;',
    '; yes=analytics',
    'c c; yes=analytics',
    'cc; yes=marketing',
    'cc; yes',
    'cc; =analytics',
    'cc; yes=analytics+',
  ]) {
    test(`is refused: ${JSON.stringify(text)}`, () => assert.equal(parseConsentCookie(text), null));
  }
});
