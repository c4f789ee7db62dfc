import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RawHeaders } from '../../src/http/raw-headers.ts';
import { type Audience, audienceOf } from '../../src/inject/personal.ts';

const cache = (value: string) => ['Cache-Control', value];

const ROWS: { name: string; headers: RawHeaders; authorized?: boolean; audience: Audience }[] = [
  { name: 'private', headers: cache('private'), audience: 'personal' },
  { name: 'private with a lifetime', headers: cache('max-age=60, Private'), audience: 'personal' },
  { name: 'no-store', headers: cache('no-store'), audience: 'personal' },
  {
    name: 'private on a second line',
    headers: [...cache('no-cache'), ...cache('private')],
    audience: 'personal',
  },
  { name: 'private of one field only', headers: cache('private="set-cookie"'), audience: 'shared' },
  { name: 'private and public', headers: cache('private, public'), audience: 'shared' },
  { name: 'no-store and s-maxage', headers: cache('no-store, s-maxage=60'), audience: 'shared' },
  { name: 'nothing', headers: [], audience: 'unmarked' },
  { name: 'nothing but a cookie', headers: ['Set-Cookie', 'a=b'], audience: 'unmarked' },
  { name: 'a lone no-cache', headers: cache('no-cache'), audience: 'unmarked' },
  { name: 'no-cache of one field', headers: cache('no-cache="set-cookie"'), audience: 'shared' },
  { name: 'no-cache and must-revalidate', headers: cache('no-cache, must-revalidate'), audience: 'shared' },
  { name: 'public', headers: cache('public'), audience: 'shared' },
  { name: 'max-age', headers: cache('max-age=0'), audience: 'shared' },
  { name: 's-maxage', headers: cache('s-maxage=1'), audience: 'shared' },
  { name: 'Expires', headers: ['Expires', '0'], audience: 'shared' },
  { name: 'Last-Modified', headers: ['Last-Modified', 'Sat, 21 Nov 2026 10:00:00 GMT'], audience: 'shared' },
  { name: 'an ETag', headers: ['ETag', '"a"'], audience: 'shared' },
  { name: 'an ETag, and private', headers: ['ETag', '"a"', ...cache('private')], audience: 'personal' },
  { name: 'a CDN header', headers: ['Surrogate-Control', 'max-age=1'], audience: 'shared' },
  {
    name: 'a CDN header over private',
    headers: [...cache('private'), 'CDN-Cache-Control', 'max-age=9'],
    audience: 'shared',
  },
  {
    name: 'X-Accel-Expires over no-store',
    headers: [...cache('no-store'), 'X-Accel-Expires', '60'],
    audience: 'shared',
  },
  {
    name: 'Authorization',
    headers: ['ETag', '"a"', ...cache('max-age=60')],
    authorized: true,
    audience: 'unmarked',
  },
  { name: 'Authorization and public', headers: cache('public'), authorized: true, audience: 'shared' },
  { name: 'Authorization and s-maxage', headers: cache('s-maxage=9'), authorized: true, audience: 'shared' },
  {
    name: 'Authorization and must-revalidate',
    headers: cache('max-age=9, must-revalidate'),
    authorized: true,
    audience: 'shared',
  },
];

describe('who a page is for', () => {
  for (const { name, headers, authorized = false, audience } of ROWS) {
    test(`${name} → ${audience}`, () => assert.equal(audienceOf(headers, authorized), audience));
  }
});
