/** What a Postgres sink is told, and how the configuration says it. */
import type { Config } from '../../config/fields.ts';
import type { TableName } from '../../config/postgres.ts';

/** `day`: a partition for each UTC day of `ts`. */
export type Partition = 'none' | 'day';

export type PostgresSinkOptions = {
  /** As in OUTPUTS: `postgres`, `postgres:us`. */
  readonly name: string;
  /** Holds a password: never in a text for people. */
  readonly dsn: string;
  readonly table: TableName;
  /** Whether a table that is not there is created. */
  readonly create: boolean;
  /** Rows from which on a batch goes by COPY, smaller ones by arrays; Infinity: never. */
  readonly copyAtLeast: number;
  /** Records of one batch at most. */
  readonly batch: number;
  /** For one batch, and for each other question to the server. */
  readonly timeoutMs: number;
  /** To the end of the log-in. */
  readonly connectTimeoutMs: number;
  readonly partition: Partition;
  /** Full days before today that are kept; 0: all. Only with partitions. */
  readonly retentionDays: number;
};

/** The rows of the configuration that a Postgres sink has; PG_FLUSH_MS is for whoever delivers to it. */
export type PostgresSettings = Pick<
  Config,
  | 'pgDsn'
  | 'pgTable'
  | 'pgCreate'
  | 'pgCopy'
  | 'pgBatchSize'
  | 'pgTimeoutMs'
  | 'pgPartition'
  | 'pgRetentionDays'
>;

const CONNECT_TIMEOUT_MS = 10_000;
/** Below, emptying the temporary table costs the server more than reading arrays does (docs/decisions/postgres.md). */
const COPY_AT_LEAST = 100;

/** `pgDsn` must be set. `name` as in OUTPUTS. */
export function postgresOptions(settings: PostgresSettings, name: string): PostgresSinkOptions {
  const { pgDsn: dsn, pgTimeoutMs: timeoutMs } = settings;
  if (dsn === undefined) throw new Error('PG_DSN is not set, and the configuration was not checked for it');
  return {
    name,
    dsn,
    table: settings.pgTable,
    create: settings.pgCreate,
    copyAtLeast: settings.pgCopy ? COPY_AT_LEAST : Number.POSITIVE_INFINITY,
    batch: settings.pgBatchSize,
    timeoutMs,
    connectTimeoutMs: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
    partition: settings.pgPartition,
    retentionDays: settings.pgRetentionDays,
  };
}
