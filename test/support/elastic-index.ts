/**
 * A stock Elasticsearch index, as far as the types of its fields go: ECS fields have the published types
 * (@elastic/ecs), all others get theirs from the first document that has them, by the dynamic templates that Elastic
 * installs for `logs-*-*` (elasticsearch: x-pack/plugin/core/template-resources, ecs@mappings.json and
 * data-streams@mappings.json, where date detection is off).
 */
import { isIP } from 'node:net';
import { EcsFlat } from '@elastic/ecs';

type FieldType =
  | 'keyword'
  | 'date'
  | 'ip'
  | 'long'
  | 'float'
  | 'boolean'
  | 'object'
  | 'geo_point'
  | 'flattened';
type Flat = Readonly<Record<string, { type: string; normalize?: readonly string[] }>>;

const ECS = EcsFlat as unknown as Flat;
/** `index.mapping.total_fields.limit` */
const MAX_FIELDS = 1000;

/** In their order; a star stands for any text. */
const TEMPLATES: readonly [paths: readonly string[], type: FieldType, from?: 'string'][] = [
  [['ip', '*.ip', '*_ip'], 'ip', 'string'],
  [
    [
      ...['*.timestamp', '*_timestamp', '*.not_after', '*.not_before', '*.accessed', 'created', '*.created'],
      ...[
        '*.installed',
        '*.creation_date',
        '*.ctime',
        '*.mtime',
        'ingested',
        '*.ingested',
        '*.start',
        '*.end',
      ],
    ],
    'date',
  ],
  [['*.score.*', '*_score*'], 'float'],
  [['location', '*.location'], 'geo_point'],
  [['*structured_data', '*exports', '*imports'], 'flattened'],
];

export type ElasticIndex = {
  /** Null: it is in. Else why the whole document is refused. */
  load(document: object): string | null;
  typeOf(path: string): string | undefined;
};

export function createElasticIndex(): ElasticIndex {
  const types = new Map<string, FieldType>();

  const loadField = (path: string, value: unknown): string | null => {
    if (Array.isArray(value)) return firstProblem(value, (item) => loadField(path, item));
    const type = types.get(path) ?? typeOf(path, value);
    types.set(path, type);
    if (types.size > MAX_FIELDS) return `more than ${MAX_FIELDS} fields`;
    const isObject = typeof value === 'object' && value !== null;
    if (isObject && type === 'object')
      return firstProblem(Object.entries(value), ([name, item]) => loadField(`${path}.${name}`, item));
    return fits(type, value) ? null : `${path} is ${type}, and ${JSON.stringify(value)} does not fit`;
  };

  return {
    load: (document) => firstProblem(Object.entries(document), ([name, value]) => loadField(name, value)),
    typeOf: (path) => types.get(path),
  };
}

/** Whether ECS has a field of this path. */
export const isEcsField = (path: string) => Object.hasOwn(ECS, path);
/** Whether ECS wants a list there. */
export const isEcsList = (path: string) => ECS[path]?.normalize?.includes('array') === true;

function firstProblem<T>(items: readonly T[], problemOf: (item: T) => string | null): string | null {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== null) return problem;
  }
  return null;
}

function typeOf(path: string, value: unknown): FieldType {
  const published = ECS[path]?.type;
  if (published !== undefined) return kindOf(published);
  if (typeof value === 'object') return 'object';
  for (const [paths, type, from] of TEMPLATES) {
    if (paths.some((pattern) => matches(pattern, path)) && (from === undefined || typeof value === from))
      return type;
  }
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return isWritten(value, /^-?\d+$/) ? 'long' : 'float';
  return 'keyword';
}

/** Types that take and refuse the same. */
function kindOf(published: string): FieldType {
  if (['keyword', 'constant_keyword', 'wildcard', 'text', 'match_only_text'].includes(published))
    return 'keyword';
  return published as FieldType;
}

function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split('*')
    .map((text) => text.replaceAll(/[.\\^$|?+()[\]{}]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 's').test(path);
}

const isWritten = (value: number, form: RegExp) => form.test(JSON.stringify(value));

function fits(type: FieldType, value: unknown): boolean {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  switch (type) {
    case 'keyword':
      return isScalar;
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);
    case 'ip':
      return typeof value === 'string' && isIP(value) !== 0 && !value.includes('%');
    case 'long':
      // coerce, which is on: fractions are cut off
      return typeof value === 'number' && Math.abs(value) < 2 ** 63;
    case 'float':
      return typeof value === 'number' && Math.abs(value) < 3.4e38;
    case 'boolean':
      return typeof value === 'boolean';
    case 'object':
    case 'flattened':
      return typeof value === 'object' && value !== null;
    case 'geo_point':
      return false;
  }
}
