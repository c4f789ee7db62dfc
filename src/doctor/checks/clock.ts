/** Our clock beside the origin's and the running instance's. Signatures allow five minutes. */
import { headerValue } from '../../http/raw-headers.ts';
import type { Examination } from '../examination.ts';
import type { Answer } from '../probe.ts';
import { error, note, ok, type Row, skipped, warning } from '../row.ts';
import { seconds } from '../words.ts';

const NAME = 'clock';
/** Protocol: "Checks": |now − t| ≤ 5 min. */
const LIMIT_MS = 5 * 60_000;
const NOTABLE_MS = 30_000;

export async function checkClock({ origin, outside }: Examination): Promise<Row[]> {
  return [ofOrigin(await origin.page()), ...(outside === null ? [] : [await ofInstance(outside)])];
}

function ofOrigin(answer: Answer): Row {
  if (!answer.ok) return skipped(NAME, 'the origin gave no answer');
  // A stored answer tells the time of its making.
  if (headerValue(answer.headers, 'age') !== undefined)
    return skipped(NAME, 'the origin’s answer comes from a cache');
  const date = Date.parse(headerValue(answer.headers, 'date') ?? '');
  if (Number.isNaN(date)) return skipped(NAME, 'the origin sends no Date');
  const aheadMs = date - answer.at;
  if (Math.abs(aheadMs) < NOTABLE_MS) return ok(NAME, 'this machine and the origin agree');
  const found = `the origin’s clock is ${differenceText(aheadMs)} this machine’s`;
  if (Math.abs(aheadMs) < LIMIT_MS) return note(NAME, found, 'let both follow NTP');
  return warning(
    NAME,
    found,
    'one of the two is wrong: let both follow NTP. Events bear this machine’s time',
  );
}

async function ofInstance(outside: NonNullable<Examination['outside']>): Promise<Row> {
  if (!(await outside.isOurs())) return skipped(NAME, 'no instance of ours answers at the public URL');
  const hello = await outside.hello();
  if (!hello.ok) return skipped(NAME, `the running instance gave no token: ${hello.why}`);
  const aheadMs = hello.now - hello.at;
  if (Math.abs(aheadMs) < NOTABLE_MS) return ok(NAME, 'this machine and the running instance agree');
  const found = `the running instance’s clock is ${differenceText(aheadMs)} this machine’s`;
  if (Math.abs(aheadMs) < LIMIT_MS) return warning(NAME, found, 'let both follow NTP');
  const cure =
    'let both follow NTP: two instances so far apart refuse each other’s signatures (stale-timestamp)';
  return error(NAME, found, cure);
}

const differenceText = (aheadMs: number) =>
  `${seconds(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
