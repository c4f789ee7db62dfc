/**
 * Copies of damaged spans, for whoever wants to look at them: `BASE-FROM.damaged`, the raw bytes. The segment
 * itself is never edited. A copy that cannot be made, or no longer fits the bound, is only reported.
 */
import { join } from 'node:path';
import { errorCode, errorText, type Fs, readUpTo, writeAll } from '../lib/fs.ts';
import type { JournalLog } from './log.ts';
import type { DamagedSpan } from './reader.ts';
import { HEADER_BYTES } from './segment.ts';

const NAME = /^\d{20}-\d{20}\.damaged$/;
const COPY_BYTES = 256 * 1024;

export type SetAsideOptions = {
  readonly dir: string;
  /** All copies together are never larger; older ones are for the operator to remove. */
  readonly maxBytes: number;
};

export type SetAsideDeps = {
  readonly fs: Fs;
  readonly log: JournalLog;
  /** Told of every span when it is met first, in bytes. */
  readonly damaged: (bytes: number) => void;
};

export type SetAside = {
  /** Copies a span unless that was done before; resolves when the copy is on the disk. Never rejects. */
  keep(span: DamagedSpan): Promise<void>;
  /** Of all copies in the folder. */
  bytes(): number;
};

/** `existing`: the names in the folder when the journal is opened. */
export async function createSetAside(
  options: SetAsideOptions,
  deps: SetAsideDeps,
  existing: readonly string[],
): Promise<SetAside> {
  let total = 0;
  for (const name of existing) if (NAME.test(name)) total += await sizeOf(deps.fs, join(options.dir, name));

  const copy = async (span: DamagedSpan, path: string): Promise<void> => {
    const size = span.to - span.from;
    const to = await deps.fs.open(path, 'wx+');
    total += size;
    try {
      await copySpan(deps.fs, span, to);
      await deps.fs.fdatasync(to);
    } finally {
      await deps.fs.close(to);
    }
    await deps.fs.syncDir(options.dir);
  };

  /** What became of the copy, for the log; null where an earlier run or another sink met the span first. */
  const tryCopy = async (span: DamagedSpan, path: string): Promise<string | null> => {
    if (total + span.to - span.from > options.maxBytes) return 'no room for a copy';
    try {
      await copy(span, path);
      return `copied to ${path}`;
    } catch (error) {
      return errorCode(error) === 'EEXIST' ? null : `could not be copied: ${errorText(error)}`;
    }
  };

  return {
    async keep(span) {
      const bytes = span.to - span.from;
      const fate = await tryCopy(span, join(options.dir, spanName(span)));
      if (fate === null) return;
      deps.damaged(bytes);
      deps.log.error(
        { segment: span.segment.path, from: span.from, bytes },
        `damaged span of the journal skipped, ${fate}`,
      );
    },
    bytes: () => total,
  };
}

function spanName(span: DamagedSpan): string {
  return `${twentyDigits(span.segment.base)}-${twentyDigits(span.from)}.damaged`;
}

function twentyDigits(offset: number): string {
  return String(offset).padStart(20, '0');
}

async function sizeOf(fsys: Fs, path: string): Promise<number> {
  try {
    return (await fsys.stat(path)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function copySpan(fsys: Fs, span: DamagedSpan, to: number): Promise<void> {
  const from = await fsys.open(span.segment.path, 'r');
  try {
    for (let at = span.from; at < span.to; at += COPY_BYTES) {
      const length = Math.min(COPY_BYTES, span.to - at);
      const bytes = await readUpTo(
        fsys,
        { fd: from, position: HEADER_BYTES + at - span.segment.base },
        length,
      );
      if (bytes.length === 0) return;
      await writeAll(fsys, { fd: to, position: at - span.from }, bytes);
    }
  } finally {
    await fsys.close(from);
  }
}
