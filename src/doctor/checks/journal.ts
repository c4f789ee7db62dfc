/** The journal's folder: whether it can be written and synced, how fast, and who holds it. It is only looked at. */
import { dirname, resolve } from 'node:path';
import { errorCode } from '../../lib/fs.ts';
import type { Examination, Machine } from '../examination.ts';
import { tryFolder } from '../folder-probe.ts';
import { error, note, ok, type Row, skipped, warning } from '../row.ts';
import { bytesText, milliseconds } from '../words.ts';

const NAME = 'journal';
const SLOW_SYNC_MS = 50;

export async function checkJournal({ config, machine }: Examination): Promise<Row[]> {
  const { journalDir, journalMaxBytes, journalSync } = config;
  const folder = await nearestFolder(journalDir, machine);
  const tried = await tryFolder(folder, machine);
  if (!tried.ok) return [error(NAME, `JOURNAL_DIR ${journalDir}: ${tried.why}`, tried.cure)];
  const where =
    folder === resolve(journalDir) ? `${journalDir} can be written` : `${journalDir} can be created`;
  const rows = [ok(NAME, `${where}; a sync takes ${milliseconds(tried.syncMs)}`)];
  if (tried.syncMs > SLOW_SYNC_MS && journalSync === 'always') {
    rows.push(
      note(
        NAME,
        'each event waits for a slow sync',
        'a local SSD for JOURNAL_DIR; JOURNAL_SYNC=interval gives up a second of events at a power cut',
      ),
    );
  }
  rows.push(await room(folder, journalMaxBytes, machine));
  const holder = folder === resolve(journalDir) ? machine.journalHolder(journalDir) : null;
  if (holder === null) return rows;
  const cure =
    'nothing if that is the instance that serves this site; a second one needs a JOURNAL_DIR of its own';
  return [...rows, note(NAME, `a running instance holds it: ${holder}`, cure)];
}

async function room(folder: string, maxBytes: number, machine: Machine): Promise<Row> {
  const free = await machine.freeBytes(folder);
  if (free === null) return skipped(NAME, 'nobody knows how much room is left');
  if (free >= maxBytes) return ok(NAME, `${bytesText(free)} free, and it may grow to ${bytesText(maxBytes)}`);
  const found = `${bytesText(free)} free, and it may grow to JOURNAL_MAX_BYTES, ${bytesText(maxBytes)}`;
  return warning(
    NAME,
    found,
    'make room, or set JOURNAL_MAX_BYTES lower: a full disk refuses events with 503',
  );
}

/** The folder itself, or the first above it that exists: there it would be created. */
async function nearestFolder(dir: string, { fs }: Machine): Promise<string> {
  for (let at = resolve(dir); ; at = dirname(at)) {
    try {
      await fs.stat(at);
      return at;
    } catch (cause) {
      if (errorCode(cause) !== 'ENOENT' || dirname(at) === at) return at;
    }
  }
}
