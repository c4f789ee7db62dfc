/** What an error of the server or of the connection means. */
import { errorText } from '../../lib/fs.ts';
import type { WriteOutcome } from '../sink.ts';

/** As the server tells it (PostgreSQL manual, "Error and Notice Message Fields"). */
type ServerError = {
  readonly severity: string;
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly constraint?: string;
  readonly column?: string;
};

/** Data exception, integrity constraint violation (PostgreSQL manual, "Error Codes"). */
const OF_A_ROW = ['22', '23'];
/** RAISE EXCEPTION in a trigger. */
const RAISED = 'P0001';
const CHECK_VIOLATION = '23514';

/** What a failed insert means for its batch, of which nothing was written. */
export function insertFailure(error: unknown): WriteOutcome {
  if (!isOfARow(error)) return { kind: 'retry', detail: describe(error) };
  const { code, constraint, column } = error;
  return { kind: 'poisoned', reason: [code, constraint ?? column].filter(Boolean).join(' ') };
}

/** Where a day has no partition, that is a "check violation" too, of no constraint: nothing is wrong with the row. */
function isOfARow(error: unknown): error is ServerError {
  if (!isServerError(error)) return false;
  if (error.code === CHECK_VIOLATION) return error.constraint !== undefined;
  return OF_A_ROW.includes(error.code.slice(0, 2)) || error.code === RAISED;
}

/** For the operator: what is wrong, and the cure where there is one. */
export function describe(error: unknown): string {
  if (!isServerError(error)) return networkText(error);
  const cure = CURES[error.code];
  return `${error.message} (${error.code})${cure === undefined ? '' : `: ${cure}`}`;
}

/** SQLSTATE of an error that the server has sent. */
export function sqlState(error: unknown): string | undefined {
  return isServerError(error) ? error.code : undefined;
}

const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string';

/** Where a name has several addresses, each has failed in its own way, and the whole has no text. */
function networkText(error: unknown): string {
  if (!(error instanceof AggregateError)) return errorText(error);
  return error.errors.map(errorText).join(', ');
}

const CURES: Readonly<Record<string, string>> = {
  '23514': 'a table with the name of that partition may have been detached: attach it again or rename it',
  '25006': 'PG_DSN leads to a server that only reads; it has to be the primary',
  '28000': 'check the user in PG_DSN and the server’s pg_hba.conf',
  '28P01': 'check the user and the password in PG_DSN',
  '3D000': 'create the database, or correct its name in PG_DSN',
  '3F000': 'create the schema, or set PG_CREATE=true',
  '42501':
    'GRANT the user of PG_DSN what is missing: SELECT and INSERT on the table, CREATE on the schema for PG_CREATE, TEMPORARY on the database for PG_COPY',
  '42P01': 'the table is gone; with PG_CREATE=true it is created again',
  '42P10': 'the unique index is missing; run: gotrack migrate',
  '53100': 'the disk of the server is full',
  '53300': 'raise max_connections of the server, or let others use fewer',
  '57014': 'longer than PG_TIMEOUT_MS, or cancelled by somebody',
  '55P03': 'somebody holds a lock on the table',
};
