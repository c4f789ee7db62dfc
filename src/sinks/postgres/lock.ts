/**
 * Held to the end of the transaction by whoever makes tables: two that begin at once would get the catalogue's own
 * unique violations, also with IF NOT EXISTS. An arbitrary number, the same in all processes.
 */
export const LOCK = 'SELECT pg_advisory_xact_lock(4702111234234)';
