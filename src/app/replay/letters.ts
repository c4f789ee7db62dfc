/** `gotrack replay FILE`: dead letters to the sinks that refused them. */
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Config } from '../../config/fields.ts';
import { errorCode, errorText, nodeFs } from '../../lib/fs.ts';
import { readLines } from '../../lib/read-lines.ts';
import { readLetter } from '../../sinks/dead-letters.ts';
import { deadLetterPathOf } from '../dead-letter-path.ts';
import { createSender, type Refused, type ReplayDeps, type Replayed } from './sender.ts';

export type LettersOptions = {
  readonly path: string;
  /** Send all of them here; null: each to the sink that it names. */
  readonly sink: string | null;
};

export type ReplayedLetters = Replayed & {
  /** Where the letters are now. Finished: named `….replayed`, nothing needs them any more. */
  readonly file: string;
};

/**
 * A file to which a running instance may still add letters is first taken away from it by a new name, under which it
 * stays, so that letters which come meanwhile are in a file of their own. What is stopped halfway can be begun again
 * with the file; a sink that knows event ids then takes nothing twice.
 */
export async function replayLetters(
  config: Config,
  options: LettersOptions,
  deps: ReplayDeps,
): Promise<({ ok: true } & ReplayedLetters) | Refused> {
  const first = await survey(options.path);
  if (!first.ok) return first;
  const named = options.sink === null ? first.sinks : [options.sink];
  const prepared = createSender(config, { ...options, sinks: named, refusedBefore: true }, deps);
  if (!prepared.ok) return prepared;
  const { sender } = prepared;
  try {
    const file = await takeAway(config, options.path, deps);
    // Letters for yet another sink may have come until now; those that come later are in the new file too.
    const then = await survey(file);
    for (const sink of named) await sender.send(sink, recordsIn(file, options.sink === null ? sink : null));
    const replayed = await sender.end();
    const isComplete = options.sink !== null || (then.ok && then.sinks.every((name) => named.includes(name)));
    const finished = replayed.finished && isComplete;
    return { ok: true, ...replayed, finished, file: finished ? await setAside(file) : file };
  } catch (error) {
    await sender.end();
    throw error;
  }
}

type Survey = { ok: true; sinks: readonly string[] } | Refused;

/** Which sinks the letters name. Nothing is sent of a file that holds anything but letters. */
async function survey(path: string): Promise<Survey> {
  const sinks = new Set<string>();
  let number = 0;
  try {
    for await (const { bytes, isWhole } of readLines(nodeFs, path)) {
      number += 1;
      const letter = readLetter(bytes);
      if (letter.ok) sinks.add(letter.sink);
      else if (isWhole) return { ok: false, problem: noLetterText(path, number) };
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      return {
        ok: false,
        problem: `there is no ${path}: nothing was refused, or DEAD_LETTER_PATH is elsewhere`,
      };
    return { ok: false, problem: `${path}: ${errorText(error)}` };
  }
  if (sinks.size === 0) return { ok: false, problem: `${path} holds no dead letters` };
  return { ok: true, sinks: [...sinks] };
}

function noLetterText(path: string, number: number): string {
  return `line ${number} of ${path} is no dead letter ({"at","sink","reason","event"}); nothing was sent: take that line out, or give the file that DEAD_LETTER_PATH names`;
}

/** The records of one sink's letters, or of all where that is null. A torn last line was never kept: it comes again. */
async function* recordsIn(path: string, sink: string | null): AsyncGenerator<Buffer, void, void> {
  for await (const { bytes } of readLines(nodeFs, path)) {
    const letter = readLetter(bytes);
    if (letter.ok && (sink === null || letter.sink === sink)) yield letter.record;
  }
}

async function takeAway(config: Config, path: string, { clock }: ReplayDeps): Promise<string> {
  if (resolve(path) !== resolve(deadLetterPathOf(config))) return path;
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[-:]/g, '');
  const extension = extname(path);
  const taken = join(dirname(path), `${basename(path, extension)}-${stamp}${extension}`);
  await rename(path, taken);
  return taken;
}

async function setAside(path: string): Promise<string> {
  await rename(path, `${path}.replayed`);
  return `${path}.replayed`;
}

async function rename(from: string, to: string): Promise<void> {
  await nodeFs.rename(from, to);
  await nodeFs.syncDir(dirname(to));
}
