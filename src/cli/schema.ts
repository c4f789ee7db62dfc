import { ENVELOPE_SCHEMA } from '../event/schema.ts';
import type { Command } from './context.ts';

/** `gotrack schema`: the JSON Schema (2020-12) of an event, for consumers and their tools. */
export const schema: Command = async ({ print }) => {
  print(JSON.stringify(ENVELOPE_SCHEMA, null, 2));
  return 0;
};
