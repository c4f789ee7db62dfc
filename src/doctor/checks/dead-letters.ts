/** The file of the dead letters: how many events wait in it for a person, and whether it still takes more. */
import { dirname } from 'node:path';
import { errorCode, errorText } from '../../lib/fs.ts';
import { printable } from '../../lib/printable.ts';
import type { DeadLetterFile, Examination } from '../examination.ts';
import { tryFolder } from '../folder-probe.ts';
import { error, ok, type Row, warning } from '../row.ts';
import { bytesText, counted } from '../words.ts';

const NAME = 'dead-letters';
const MIB = 2 ** 20;
/** Of DEAD_LETTER_MAX_MB: from here on it is as good as full. */
const NEARLY_FULL = 0.9;
/** Sinks that are named; a file that somebody else wrote may name any number. */
const MAX_SINKS = 10;
const REASON_CHARACTERS = 80;

export async function checkDeadLetters({ config, deadLetters, machine }: Examination): Promise<Row[]> {
  const rows = [
    await ofLetters(deadLetters),
    await ofSize(deadLetters, config.deadLetterMaxMb * MIB, machine.fs),
  ];
  // Its usual place is beside the journal, and is made with it.
  if (config.deadLetterPath !== undefined) {
    const folder = await tryFolder(dirname(deadLetters.path), machine);
    if (!folder.ok)
      rows.push(error(NAME, `DEAD_LETTER_PATH ${deadLetters.path}: ${folder.why}`, folder.cure));
  }
  return rows.filter((row) => row !== null);
}

async function ofLetters({ path, read }: DeadLetterFile): Promise<Row> {
  try {
    const { waiting, strange } = await count(read());
    const total = waiting.reduce((sum, { letters }) => sum + letters, 0);
    if (strange > 0) {
      const found = `${path}: ${counted(strange, 'line is', 'lines are')} no dead letter, and gotrack replay sends nothing of such a file`;
      return error(NAME, found, 'take such lines out, or choose another DEAD_LETTER_PATH');
    }
    if (total === 0) return ok(NAME, `none waits in ${path}`);
    const found = `${counted(total, 'event waits', 'events wait')} in ${path}: ${waiting.map(sinkText).join(', ')}`;
    return warning(NAME, found, `mend the cause, then: gotrack replay ${path}`);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return ok(NAME, `none: there is no ${path}`);
    return error(NAME, `${path} cannot be read: ${errorText(cause)}`, 'give it to the user of gotrack');
  }
}

type Waiting = { readonly sink: string; readonly reason: string; letters: number };

/** By sink, with the reason of its first letter. */
async function count(letters: ReturnType<DeadLetterFile['read']>) {
  const sinks = new Map<string, Waiting>();
  let strange = 0;
  for await (const letter of letters) {
    if (letter === null) {
      strange += 1;
      continue;
    }
    const sink = sinks.has(letter.sink) || sinks.size < MAX_SINKS ? letter.sink : 'others';
    const waiting = sinks.get(sink);
    if (waiting === undefined) sinks.set(sink, { sink, reason: letter.reason, letters: 1 });
    else waiting.letters += 1;
  }
  return { waiting: [...sinks.values()], strange };
}

const sinkText = ({ sink, reason, letters }: Waiting) =>
  `${letters} of ${printable(sink)} (first: ${printable(reason.slice(0, REASON_CHARACTERS))})`;

async function ofSize(
  { path }: DeadLetterFile,
  maxBytes: number,
  fs: Examination['machine']['fs'],
): Promise<Row | null> {
  const size = await fs.stat(path).then(
    (stat) => stat.size,
    () => 0, // what is wrong with it is said of its letters
  );
  if (size < maxBytes * NEARLY_FULL) return null;
  const found = `${path} has ${bytesText(size)} of DEAD_LETTER_MAX_MB, ${bytesText(maxBytes)}: a sink that has more to put there stalls`;
  return error(NAME, found, `mend the cause, then: gotrack replay ${path}; or move the file away`);
}
