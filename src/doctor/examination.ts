/** What the checks look at; all that they are given. */
import type { Config } from '../config/fields.ts';
import type { Fs } from '../lib/fs.ts';
import type { Tokens } from '../token/tokens.ts';
import type { OriginSide } from './origin-side.ts';
import type { PageAddress } from './page-address.ts';
import type { PublicSide } from './public-side.ts';
import type { Row } from './row.ts';
import type { TrialSide } from './trial-side.ts';

export type Machine = {
  readonly fs: Fs;
  /** Bytes that may still be written where this folder is; null where nobody knows. */
  freeBytes(folder: string): Promise<number | null>;
  /** Addresses of this machine's interfaces. */
  addresses(): readonly string[];
  /** All addresses of a name; rejects with the resolver's error. */
  resolve(hostname: string): Promise<readonly string[]>;
  /** What the instance that holds a journal says of itself; null where nobody holds it. */
  journalHolder(dir: string): string | null;
  readonly clock: { now(): number; monotonic(): number };
  /** 48 random bits. */
  random48(): number;
  /** A UUIDv4. */
  uuid(): string;
};

/**
 * How one of OUTPUTS shows that it can be written to and read back, without touching what it holds. Each kind of
 * sink brings its own; it settles in its own time, within a few seconds.
 */
export type SinkProbe = { readonly name: string; probe(): Promise<readonly Row[]> };

/** The file of the dead letters. */
export type DeadLetterFile = {
  readonly path: string;
  /** Sink and reason of each letter, null for a whole line that is none. Rejects with the system's error. */
  read(): AsyncIterable<{ readonly sink: string; readonly reason: string } | null>;
};

export type Examination = {
  readonly config: Config;
  readonly page: PageAddress;
  readonly origin: OriginSide;
  readonly trial: TrialSide;
  /** Null: no URL was given, so nothing is asked of the outside. */
  readonly outside: PublicSide | null;
  /** The address by which the instance should see this machine, where the person said it. */
  readonly ownAddress: string | null;
  /** Of this configuration's secrets. */
  readonly tokens: Tokens;
  /** The text of the tracker. */
  readonly tracker: string;
  readonly sinks: readonly SinkProbe[];
  readonly deadLetters: DeadLetterFile;
  readonly machine: Machine;
};

/** A check reports what it finds and throws for faults of its own only. */
export type Check = (examination: Examination) => Promise<Row[]> | Row[];
