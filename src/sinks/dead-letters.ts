/**
 * Dead letters: what a sink will never take as it is, a line each in one file beside the journal, for a person to
 * look at and for `gotrack replay` to send again (events: "Dead letters").
 *
 *   {"at":"2026-11-21T10:00:00.000Z","sink":"postgres","reason":"22P05","event":{…}}
 *
 * - Letters are on the disk before the checkpoint moves past their records.
 * - The file is bounded and nothing is ever taken out of it here: an accepted event would be lost. When it is full,
 *   the sink stalls and says so, and its events wait in the journal until somebody replays the file or moves it away.
 * - The file is opened for each batch of letters, since it may be taken away at any time: letters that went into a
 *   file while it was being taken away are written again to the new one, so that no reader misses them.
 */
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorText, type Fs } from '../lib/fs.ts';
import { createLane } from '../lib/lane.ts';
import { openLineFile } from './line-file.ts';
import { joinLines } from './lines.ts';
import type { DeadLetter } from './refusals.ts';
import type { KeepDeadLetters } from './settle.ts';

export type DeadLettersOptions = {
  /** DEAD_LETTER_PATH. Its folder must exist. */
  readonly path: string;
  /** DEAD_LETTER_MAX_MB in bytes. An empty file takes one batch of letters, however large it is. */
  readonly maxBytes: number;
};

export type DeadLetters = {
  readonly keep: KeepDeadLetters;
  /** Of the file when it was last looked at, 0 where there is none; looks again for the next time, and never waits. */
  bytes(): number;
};

type Kept = Awaited<ReturnType<KeepDeadLetters>>;

/** How often the file may be taken away under one batch before that is an outage like any other. */
const ATTEMPTS = 3;
const LINE_FEED = 0x0a;
const SPACE = 0x20;

export function createDeadLetters(
  { path, maxBytes }: DeadLettersOptions,
  { fs, clock }: { readonly fs: Fs; readonly clock: Clock },
): DeadLetters {
  /** Several sinks share the file. */
  const lane = createLane();

  /** Null: the file was taken away meanwhile. */
  const append = async (lines: Buffer): Promise<Kept | null> => {
    const file = await openLineFile(fs, path, null);
    try {
      const { size } = file.end();
      if (size > 0 && size + lines.length > maxBytes) return { ok: false, detail: fullText(path, size) };
      await file.append(lines);
      return (await file.checkIdentity()) ? { ok: true } : null;
    } finally {
      await file.close();
    }
  };

  const keep = async (sink: string, letters: readonly DeadLetter[]): Promise<Kept> => {
    const at = new Date(clock.now()).toISOString();
    const lines = joinLines(letters.map((letter) => lineOf(at, sink, letter)));
    try {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const kept = await append(lines);
        if (kept !== null) return kept;
      }
      return { ok: false, detail: `DEAD_LETTER_PATH ${path} is taken away again and again` };
    } catch (error) {
      return { ok: false, detail: `DEAD_LETTER_PATH ${path}: ${errorText(error)}` };
    }
  };

  let seen = 0;
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      seen = (await fs.stat(path)).size;
    } catch (error) {
      // Whatever else is wrong with it is said when a letter is to be kept.
      if (errorCode(error) === 'ENOENT') seen = 0;
    }
    looking = false;
  };
  void look();

  return {
    keep: (sink, letters) => lane(() => keep(sink, letters)),
    bytes() {
      void look();
      return seen;
    },
  };
}

function fullText(path: string, size: number): string {
  return `DEAD_LETTER_PATH ${path} is full (${size} bytes, DEAD_LETTER_MAX_MB): mend the cause and run gotrack replay ${path}, or move the file away`;
}

/** The record stands in the line as it is, so that replay sends the same bytes. */
function lineOf(at: string, sink: string, { record, reason }: DeadLetter): Buffer {
  const head = JSON.stringify({ at, sink, reason }).slice(0, -1);
  return Buffer.concat([Buffer.from(`${head},"event":`), jsonOf(record), Buffer.from('}')]);
}

/** On one line. What is no JSON, which no record should be, becomes a string. */
function jsonOf(record: Buffer): Buffer {
  try {
    JSON.parse(record.toString());
  } catch {
    return Buffer.from(JSON.stringify(record.toString()));
  }
  if (!record.includes(LINE_FEED)) return record;
  // A string of JSON holds no line feed, so each one stands between two tokens.
  return Buffer.from(record).map((byte) => (byte === LINE_FEED ? SPACE : byte)) as Buffer;
}

export type LetterReading =
  /** `record` is what the sink refused. */
  { ok: true; sink: string; reason: string; record: Buffer } | { ok: false };

/** Reads one line of the file, without its line feed. */
export function readLetter(line: Buffer): LetterReading {
  const letter = parse(line.toString());
  if (typeof letter !== 'object' || letter === null) return { ok: false };
  const { sink, reason, event } = letter as Partial<Record<'sink' | 'reason' | 'event', unknown>>;
  if (typeof sink !== 'string' || typeof reason !== 'string' || event === undefined) return { ok: false };
  const text = typeof event === 'string' ? event : JSON.stringify(event);
  return { ok: true, sink, reason, record: Buffer.from(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
