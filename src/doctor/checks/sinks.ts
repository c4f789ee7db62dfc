/** Each of OUTPUTS written to and read back, by the probe that its kind brings. */

import { errorText } from '../../lib/fs.ts';
import type { Examination } from '../examination.ts';
import { error, type Row } from '../row.ts';

export async function checkSinks({ sinks }: Examination): Promise<Row[]> {
  const rows: Row[] = [];
  for (const sink of sinks) {
    try {
      rows.push(...(await sink.probe()));
    } catch (cause) {
      rows.push(error(`sink ${sink.name}`, `its probe failed: ${errorText(cause)}`, 'please report it'));
    }
  }
  return rows;
}
