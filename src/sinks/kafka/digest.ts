/** What a record is known by: the same for the same bytes, and for no others. */
import { hash } from 'node:crypto';

export function digestOf(record: Buffer): string {
  return hash('sha256', record, 'base64');
}
