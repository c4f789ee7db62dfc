import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { checkConfiguration } from '../../src/doctor/checks/configuration.ts';
import { TEST_SECRET } from '../support/gotrack-process.ts';

const load = (env: Record<string, string>) =>
  loadConfig({ env, flags: {}, readFile: () => '', now: Date.now });
const GOOD = { FORWARD_DESTINATION: 'http://127.0.0.1:9', HMAC_SECRET: TEST_SECRET };

test('every problem is a row of its own, and no secret is in any', () => {
  const rows = checkConfiguration(
    load({ HMAC_SECRET: 'too short a one', BATCH_SIZE: 'many', SERVER_ADR: ':1' }),
    [],
  );
  assert.deepEqual(
    rows.map(({ level, found }) => [level, found.split(' ')[0]]),
    [
      ['error', 'HMAC_SECRET'],
      ['error', 'BATCH_SIZE'],
      ['error', 'FORWARD_DESTINATION'],
      ['warning', 'SERVER_ADR'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(rows), /too short a one/);
});

test('what an instance would warn of at its start is said', () => {
  const rows = checkConfiguration(load(GOOD), ['ORIGIN_TLS_SKIP_VERIFY=true: …']);
  assert.deepEqual(
    rows.map(({ level }) => level),
    ['ok', 'warning'],
  );
});

test('a configuration that can be used is one row', () => {
  assert.deepEqual(
    checkConfiguration(load(GOOD), []).map(({ level }) => level),
    ['ok'],
  );
});
