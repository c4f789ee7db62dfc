import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileSchema } from '../../src/event/json-schema.ts';

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
