import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { compileSchema } from '../../src/event/json-schema.ts';
import { ENVELOPE_SCHEMA } from '../../src/event/schema.ts';

const EVENT = {
  event_id: '0192f0c1-7f00-7abc-8def-0123456789ab',
  timestamp: '2026-11-21T10:00:00.000Z',
  type: 'pageview',
  ip: '203.0.113.42',
  ua: 'Mozilla/5.0',
  url: 'https://shop.test/p',
  payload: {
    page: { seq: 0, virtual: true },
    route: { title: 'P', query: { a: 'b' } },
    device: { languages: ['en'], screens: [{ width: 1 }] },
    vital: { lcp: { value: 1 } },
    experiments: { checkout: 'b' },
    props: { a: [1, { b: 'c' }, []] },
  },
  server: {
    received_at: '2026-11-21T10:00:00.000Z',
    request_id: 'r1',
    adjusted: ['url'],
    auth: { scheme: 'v1', key_id: '0' },
    consent: { analytics: 'granted', security: 'granted', source: 'default' },
    http: { version: '1.1', method: 'POST', status: 200, header_order: ['host'] },
  },
  schema: 'gotrack.event/1',
};

const CASES: [about: string, schema: object, value: unknown, problems: string[]][] = [
  ['a type', { type: 'string' }, 'a', []],
  ['another type', { type: 'string' }, 1, [' is a number, not a string']],
  ['null', { type: 'object' }, null, [' is null, not an object']],
  ['a list for an object', { type: 'object' }, [], [' is an array, not an object']],
  ['a fraction for an integer', { type: 'integer' }, 1.5, [' is a number, not an integer']],
  ['a constant', { const: true }, false, [' is not true']],
  ['a choice', { enum: ['a', 'b'] }, 'c', [' is none of "a", "b"']],
  ['a pattern', { pattern: '^a$' }, 'ab', [' does not match ^a$']],
  ['characters, not units', { type: 'string', maxLength: 1 }, '😀', []],
  ['too many characters', { type: 'string', maxLength: 1 }, 'ab', [' has more than 1 characters']],
  ['too few characters', { type: 'string', minLength: 1 }, '', [' has fewer than 1 characters']],
  ['bounds', { minimum: 1, maximum: 2 }, 3, [' is more than 2']],
  ['bounds below', { minimum: 1, maximum: 2 }, 0, [' is less than 1']],
  ['an empty list', { minItems: 1 }, [], [' has fewer than 1 items']],
  ['a long list', { maxItems: 1 }, [1, 2], [' has more than 1 items']],
  [
    'items',
    { items: { type: 'number' } },
    [1, 'b', 'c'],
    ['1 is a string, not a number', '2 is a string, not a number'],
  ],
  ['an empty object', { minProperties: 1 }, {}, [' is empty']],
  ['a missing property', { required: ['a', 'b'] }, { a: 1 }, ['b is missing']],
  ['a property of the prototype', { required: ['constructor'] }, {}, ['constructor is missing']],
  [
    'properties, one in the other',
    { properties: { a: { properties: { b: { type: 'string' } } } } },
    { a: { b: 1 }, c: 2 },
    ['a.b is a number, not a string'],
  ],
  ['names', { propertyNames: { maxLength: 1 } }, { ab: 1 }, [' has a name that has more than 1 characters']],
  ['all properties', { additionalProperties: { type: 'string' } }, { a: 1 }, ['a is a number, not a string']],
  ['any of', { anyOf: [{ type: 'string' }, { type: 'number' }] }, 1, []],
  ['none of any', { anyOf: [{ type: 'string' }, { type: 'number' }] }, true, [' is none of what it may be']],
  ['one of', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }, { a: 1 }, []],
  ['none of one', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }, {}, [' has not one of a, b']],
  [
    'two of one',
    { oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    { a: 1, b: 1 },
    [' has more than one of a, b'],
  ],
  [
    'what refers to itself',
    {
      $ref: '#/$defs/tree',
      $defs: { tree: { type: 'object', additionalProperties: { $ref: '#/$defs/tree' } } },
    },
    { a: { b: {} }, c: { d: 1 } },
    ['c.d is a number, not an object'],
  ],
  ['remarks', { $schema: 's', $id: 'i', title: 't', description: 'd', format: 'uuid' }, 'anything', []],
];

describe('a schema judges', () => {
  for (const [about, schema, value, problems] of CASES) {
    test(about, () => {
      const found = compileSchema(schema as Record<string, unknown>)(value);
      assert.deepEqual(
        found.map(({ path, message }) => `${path} ${message}`),
        problems,
      );
    });
  }
});

test('a schema with a keyword that is not known is refused, wherever it stands', () => {
  const unknown = { multipleOf: 2 };
  const places = [
    unknown,
    { items: unknown },
    { properties: { a: unknown } },
    { anyOf: [unknown] },
    { $defs: { a: unknown } },
    { propertyNames: unknown },
    { additionalProperties: unknown },
    { properties: {}, additionalProperties: {} },
  ];
  for (const schema of places) {
    assert.throws(
      () => compileSchema(schema as Record<string, unknown>),
      /is not known here/,
      JSON.stringify(schema),
    );
  }
});

describe('the schema of an event', () => {
  const ours = compileSchema(ENVELOPE_SCHEMA);
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).compile(ENVELOPE_SCHEMA as object);
  const places = placesIn(EVENT);

  test('is judged as ajv judges it, whatever stands anywhere in an event', () => {
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('', undefined, 'x'.repeat(2_049), 'x'.repeat(8_193), Array(257).fill(1)),
      fc.integer(),
    );
    const seen = { fitting: 0, other: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...places), anything, (place, value) => {
        const event = withAt(EVENT, place, value);
        const expected = ajv(event);
        seen[expected ? 'fitting' : 'other'] += 1;
        assert.equal(ours(event).length === 0, expected, JSON.stringify(event));
      }),
      { numRuns: 3_000 },
    );
    assert.ok(seen.fitting > 100 && seen.other > 100, JSON.stringify(seen));
  });
});

type Place = readonly (string | number)[];

/** The event itself, and every place in it. */
function placesIn(value: unknown, place: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [place];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [place, ...entries.flatMap(([name, item]) => placesIn(item, [...place, name]))];
}

/** A copy with the value at that place, or without what is there if it is undefined. */
function withAt(event: object, place: Place, value: unknown): unknown {
  const root = { event: structuredClone(event) as unknown };
  const path = ['event', ...place];
  const last = path.pop()!;
  let at = root as Record<string | number, unknown>;
  for (const name of path) at = at[name] as Record<string | number, unknown>;
  at[last] = structuredClone(value);
  return JSON.parse(JSON.stringify(root)).event ?? null;
}
