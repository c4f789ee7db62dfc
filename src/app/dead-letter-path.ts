import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/fields.ts';

/** DEAD_LETTER_PATH, or its place beside the journal. */
export function deadLetterPathOf({ deadLetterPath, journalDir }: Config): string {
  return deadLetterPath ?? join(dirname(resolve(journalDir)), 'dead-letter.ndjson');
}
