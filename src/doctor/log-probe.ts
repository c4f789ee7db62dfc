/** The log sink's probe: a line beside the log file, written, synced, read back and gone. The log is only looked at. */
import { dirname } from 'node:path';
import { errorCode, errorText } from '../lib/fs.ts';
import type { Machine, SinkProbe } from './examination.ts';
import { tryFolder } from './folder-probe.ts';
import { error, ok, type Row, skipped, warning } from './row.ts';
import { bytesText, milliseconds } from './words.ts';

export type LogProbeOptions = {
  readonly name: string;
  /** LOG_PATH. */
  readonly path: string;
  /** Of one file and all that are kept. */
  readonly wantedBytes: number;
};

export function createLogProbe({ name, path, wantedBytes }: LogProbeOptions, machine: Machine): SinkProbe {
  const row = `sink ${name}`;
  return { name, probe: path === 'stdout' ? async () => [ok(row, 'standard output')] : probe };

  async function probe(): Promise<Row[]> {
    const folder = dirname(path);
    const tried = await tryFolder(folder, machine);
    if (!tried.ok) return [error(row, `LOG_PATH ${path}: ${tried.why}`, tried.cure)];
    const rows = [
      ok(row, `a line beside ${path} was written, synced and read back in ${milliseconds(tried.ms)}`),
      ...(await ofFile()),
    ];
    const free = await machine.freeBytes(folder);
    if (free === null) return [...rows, skipped(row, 'nobody knows how much room is left')];
    if (free >= wantedBytes) return [...rows, ok(row, `${bytesText(free)} free`)];
    const found = `${bytesText(free)} free, and the files may grow to ${bytesText(wantedBytes)}`;
    return [...rows, warning(row, found, 'make room, or set LOG_ROTATE_MB and LOG_BACKUPS lower')];
  }

  /** What stands at the path today: a log that we may write to, and not somebody else's file. */
  async function ofFile(): Promise<Row[]> {
    const { fs } = machine;
    try {
      const fd = await fs.open(path, 'r+');
      const first = Buffer.alloc(1);
      const read = await fs.read(fd, first, 0).finally(() => fs.close(fd));
      if (read === 0 || first[0] === 0 || first[0] === 0x7b) return [];
      const found = `${path} is no log of events: it does not begin with “{”`;
      return [error(row, found, 'move it, or choose another LOG_PATH')];
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return [];
      return [
        error(
          row,
          `${path} cannot be opened for writing: ${errorText(cause)}`,
          'give its owner to the user of gotrack',
        ),
      ];
    }
  }
}
