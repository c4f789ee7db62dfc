/** What the room is told about the rest of the house, and shows. */
export type SinkReport = {
  state: string;
  /** RFC 3339. */
  since: string;
  /** Null while the journal is not open and nobody knows. */
  lag_events: number | null;
  lag_s: number | null;
  error?: string;
};

/** The body of `/readyz` (protocol: health), with the error texts that stay on this listener. */
export type ReadinessReport = {
  status: 'ready' | 'degraded' | 'starting' | 'draining';
  /** `used` is a fraction of JOURNAL_MAX_BYTES. */
  journal: { state: string; used: number; error?: string };
  sinks: Readonly<Record<string, SinkReport>>;
};

/** Totals since the start. */
export type LiveCounters = {
  requests: number;
  injections: Readonly<Record<string, number>>;
  rejections: Readonly<Record<string, number>>;
};
