/**
 * Holds what tests get out of a sink to the published schema. Theirs is closed, where the published one is open: a
 * field that nobody described is a fault of ours, however glad a consumer is to ignore it.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { ENVELOPE_SCHEMA } from '../../src/event/schema.ts';

const ajv = new Ajv2020({ allErrors: true, strictTypes: false, validateFormats: false });
const validate = ajv.compile(closed(ENVELOPE_SCHEMA) as object);

/** What is wrong with an event by the schema, as sentences; an empty list when nothing is. */
export function schemaProblems(event: unknown): string[] {
  return validate(event) ? [] : validate.errors!.map(sentence);
}

/** Throws with the event's own text where it breaks the schema. */
export function checkedBySchema<T>(event: T): T {
  const problems = schemaProblems(event);
  if (problems.length > 0) throw new Error(`${problems.join('; ')} in ${JSON.stringify(event)}`);
  return event;
}

function sentence({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath || 'the event'} ${message} ${JSON.stringify(params)}`;
}

/** The schema in which no object has properties beyond those that it names. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  const isObject = copy.type === 'object' && copy.additionalProperties === undefined;
  return isObject ? { ...copy, additionalProperties: false } : copy;
}
