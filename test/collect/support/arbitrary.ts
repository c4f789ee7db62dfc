/** Events that nobody would send, and pieces of them. */
import fc from 'fast-check';

const NAMES = [
  ...[
    'type',
    'e',
    'event_id',
    'ts',
    'timestamp',
    'url',
    'payload',
    'route',
    'device',
    'session',
    'page',
    'props',
    'results',
    'consent',
    'click',
    'vital',
  ],
  ...[
    'attribution',
    'experiments',
    'scroll',
    'error',
    'utm',
    'query',
    'screens',
    'ua_brands',
    'languages',
    'user_id',
    'session_id',
    'visitor_id',
    'sent_at',
    'virtual',
  ],
  ...[
    'uid',
    'sid',
    'ref',
    'utm_source',
    'referrer',
    'title',
    'path',
    'fullPath',
    'domain',
    'protocol',
    'hash',
    'raw_query',
    'first',
    'last',
    'lcp',
    'value',
    'server',
    'ip',
  ],
  ...['__proto__', 'constructor', 'toString', 'analytics', 'security', 'x'.repeat(128), 'x'.repeat(129), ''],
];
const TEXTS = [
  ...[
    'pageview',
    'document',
    'granted',
    'denied',
    '2026-11-21T10:00:00Z',
    '2026-13-01T00:00:00Z',
    'bob@example.com',
    'https://shop.test/p?token=1#x',
    '/p',
    '//x',
    'javascript:1',
  ],
  ...[
    '6f1a5c1e-1111-4222-8333-444444444444',
    '\0',
    '\ud800',
    'a\udc00b',
    '😀',
    'x'.repeat(2_049),
    'x'.repeat(8_193),
    '',
    'https:',
    '4111111111111111',
    '%40',
    '\u2028',
  ],
];
export const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 30 }));
const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
export const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: text },
);
export const { json } = fc.letrec<{ json: unknown; object: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    tie('object'),
    tie('object'),
  ),
  object: fc.dictionary(name, tie('json'), { maxKeys: 7 }),
}));
/** Most have a type, so that the rest of them is looked at. */
export const event = fc
  .tuple(fc.dictionary(name, json, { maxKeys: 9 }), fc.integer({ min: 0, max: 9 }))
  .map(([given, dice]) => (dice < 7 ? { ...given, type: 'pageview' } : given));

/** What a body may be: an event, a list of them, or any JSON. */
export const body = fc.oneof(event, fc.array(event, { maxLength: 4 }), json);
