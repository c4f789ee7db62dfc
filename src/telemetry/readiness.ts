/** What `/readyz` says (protocol: health): the app puts it together, the metrics listener and the live view show it. */

export type JournalReport = {
  state: string;
  /** A fraction of JOURNAL_MAX_BYTES. */
  used: number;
  error?: string;
};

export type SinkReport = {
  state: string;
  /** RFC 3339. */
  since: string;
  /** Events that the sink does not have yet. Null while the journal is not open and nobody knows. */
  lag_events: number | null;
  /** For how long the oldest of them has been in the journal. */
  lag_s: number | null;
  error?: string;
};

/** Of the journal and the sinks behind it. */
export type StoreReport = { journal: JournalReport; sinks: Readonly<Record<string, SinkReport>> };

/** The error texts stay on the metrics listener: whoever can reach the site learns no path and no host of ours. */
export type ReadinessReport = StoreReport & { status: 'ready' | 'degraded' | 'starting' | 'draining' };
