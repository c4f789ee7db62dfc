/** Lines of a head that a row asks for. */
import assert from 'node:assert/strict';
import { type HeaderLine, valuesOf } from '../../support/message.ts';

export type Lines = string | readonly string[];

/** All of them, in this order, among others. */
export function hasLines(head: string, wanted: Lines, who: string): void {
  const lines = head.split('\r\n');
  let at = 0;
  for (const line of [wanted].flat()) {
    const found = lines.indexOf(line, at);
    assert.notEqual(found, -1, `${who} should see ${JSON.stringify(line)} in\n${head}`);
    at = found + 1;
  }
}

/** No header of these names. */
export function hasNone(headers: readonly HeaderLine[], names: Lines, who: string): void {
  for (const name of [names].flat())
    assert.deepEqual(valuesOf(headers, name), [], `${who} should see no ${name}`);
}
