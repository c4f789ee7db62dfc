/**
 * As much of JSON Schema 2020-12 as the schema of an event uses, so that `gotrack validate` needs no library. A keyword
 * that is not known here is refused when the schema is read: what is not checked must not pass for checked.
 */

/** Where in the value something is wrong, and what: both for people. */
export type SchemaProblem = {
  /** `payload.screens.0.width`; empty: the value itself. */
  readonly path: string;
  readonly message: string;
};

export type SchemaCheck = (value: unknown) => SchemaProblem[];

type Schema = Readonly<Record<string, unknown>>;
type Place = {
  readonly path: string;
  readonly check: (schema: Schema, value: unknown, path: string) => SchemaProblem[];
  readonly regexp: (source: string) => RegExp;
};
/** What a keyword finds: a message about the value itself, or problems further in. */
type Keyword = (argument: never, value: unknown, place: Place) => string | null | SchemaProblem[];

/** Throws for a schema that uses what is not known here. */
export function compileSchema(schema: Schema): SchemaCheck {
  const definitions = (schema.$defs ?? {}) as Readonly<Record<string, Schema>>;
  for (const part of [schema, ...Object.values(definitions)]) assertKnown(part);

  const compiled = new Map<string, RegExp>();
  const regexp = (source: string): RegExp => {
    const known = compiled.get(source) ?? new RegExp(source, 'u');
    compiled.set(source, known);
    return known;
  };

  const check = (part: Schema, value: unknown, path: string): SchemaProblem[] => {
    const problems: SchemaProblem[] = [];
    for (const [name, argument] of Object.entries(part)) {
      const keyword = name === '$ref' ? null : KEYWORDS[name];
      const found =
        keyword === null
          ? check(definitions[nameOf(argument)]!, value, path)
          : (keyword?.(argument as never, value, { path, check, regexp }) ?? null);
      if (typeof found === 'string') problems.push({ path, message: found });
      else if (found !== null) problems.push(...found);
      // Further keywords about a value of the wrong type say nothing new.
      if (name === 'type' && typeof found === 'string') return problems;
    }
    return problems;
  };
  return (value) => check(schema, value, '');
}

const nameOf = (reference: unknown) => String(reference).replace('#/$defs/', '');

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
};

/** Characters as JSON Schema counts them: code points. */
const lengthOf = (text: string) => (/[\ud800-\udfff]/.test(text) ? [...text].length : text.length);
const inside = (path: string, name: string | number) => (path === '' ? `${name}` : `${path}.${name}`);

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: (type: string, value) => (TYPES[type]!(value) ? null : `is ${kindOf(value)}, not ${article(type)}`),
  const: (expected: unknown, value) => (value === expected ? null : `is not ${JSON.stringify(expected)}`),
  enum: (choices: readonly unknown[], value) =>
    choices.includes(value)
      ? null
      : `is none of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
  pattern: (source: string, value, { regexp }) =>
    typeof value !== 'string' || regexp(source).test(value) ? null : `does not match ${source}`,
  minLength: (least: number, value) =>
    typeof value !== 'string' || lengthOf(value) >= least ? null : `has fewer than ${least} characters`,
  maxLength: (most: number, value) =>
    typeof value !== 'string' || lengthOf(value) <= most ? null : `has more than ${most} characters`,
  minimum: (least: number, value) =>
    typeof value !== 'number' || value >= least ? null : `is less than ${least}`,
  maximum: (most: number, value) =>
    typeof value !== 'number' || value <= most ? null : `is more than ${most}`,
  minItems: (least: number, value) =>
    !Array.isArray(value) || value.length >= least ? null : `has fewer than ${least} items`,
  maxItems: (most: number, value) =>
    !Array.isArray(value) || value.length <= most ? null : `has more than ${most} items`,
  items: (schema: Schema, value, { path, check }) =>
    Array.isArray(value) ? value.flatMap((item, index) => check(schema, item, inside(path, index))) : null,
  minProperties: (least: number, value) =>
    !isObject(value) || Object.keys(value).length >= least ? null : 'is empty',
  required: (names: readonly string[], value, { path }) =>
    isObject(value)
      ? names
          .filter((name) => !Object.hasOwn(value, name))
          .map((name) => ({ path: inside(path, name), message: 'is missing' }))
      : null,
  properties: (schemas: Readonly<Record<string, Schema>>, value, { path, check }) =>
    isObject(value)
      ? Object.entries(schemas).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? check(schema, value[name], inside(path, name)) : [],
        )
      : null,
  propertyNames: (schema: Schema, value, { path, check }) =>
    isObject(value)
      ? Object.keys(value).flatMap((name) =>
          check(schema, name, path).map(({ message }) => ({ path, message: `has a name that ${message}` })),
        )
      : null,
  /** Beside no `properties`: of every property. */
  additionalProperties: (schema: Schema, value, { path, check }) =>
    isObject(value)
      ? Object.entries(value).flatMap(([name, item]) => check(schema, item, inside(path, name)))
      : null,
  anyOf: (schemas: readonly Schema[], value, { path, check }) =>
    schemas.some((schema) => check(schema, value, path).length === 0) ? null : 'is none of what it may be',
  oneOf: (schemas: readonly Schema[], value, { path, check }) => {
    const fitting = schemas.filter((schema) => check(schema, value, path).length === 0).length;
    if (fitting === 1) return null;
    const names = schemas.flatMap((schema) => (schema.required as readonly string[] | undefined) ?? []);
    const what = names.length > 0 ? `one of ${names.join(', ')}` : 'one of several shapes';
    return fitting === 0 ? `has not ${what}` : `has more than ${what}`;
  },
};

/** What says nothing about a value. */
const REMARKS = ['$schema', '$id', '$defs', 'title', 'description', 'format'];

function assertKnown(schema: Schema): void {
  for (const [name, argument] of Object.entries(schema)) {
    const isKnown = REMARKS.includes(name) || name === '$ref' || Object.hasOwn(KEYWORDS, name);
    if (!isKnown) throw new Error(`the keyword ${name} of a schema is not known here`);
    if (name === 'additionalProperties' && 'properties' in schema)
      throw new Error('additionalProperties beside properties is not known here');
    for (const part of partsOf(name, argument)) assertKnown(part);
  }
}

function partsOf(name: string, argument: unknown): readonly Schema[] {
  if (['items', 'propertyNames', 'additionalProperties'].includes(name)) return [argument as Schema];
  if (['anyOf', 'oneOf'].includes(name)) return argument as readonly Schema[];
  return name === 'properties' ? Object.values(argument as Readonly<Record<string, Schema>>) : [];
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return article(Array.isArray(value) ? 'array' : typeof value);
}

const article = (type: string) => (/^[aio]/.test(type) ? `an ${type}` : `a ${type}`);
