import type { PayloadGroups } from './client-event.ts';
import { toLine } from './line.ts';

/**
 * The trusted stored shape, `gotrack.event/1` (EVENTS.md). Built once, serialised once: those bytes are the
 * journal record, the log line, the Kafka value and the Postgres row. What a client claims stands under
 * `payload`, what the proxy saw under `server`; absent means unknown, so there are no empty strings, nulls
 * or empty objects.
 */
export type Envelope = {
  /** UUID, lower case. */
  event_id: string;
  /** RFC 3339, UTC, milliseconds. */
  timestamp: string;
  type: string;
  /** Never beside `ip_hash`. */
  ip?: string;
  ip_hash?: string;
  ua?: string;
  url?: string;
  payload?: PayloadGroups;
  server: ServerFacts;
  schema: typeof SCHEMA;
};

export const SCHEMA = 'gotrack.event/1';

export type AuthScheme = 'v1' | 'bare' | 'server' | 'none';

export type ServerFacts = {
  /** RFC 3339, UTC, milliseconds. */
  received_at: string;
  request_id?: string;
  /** The `event_id` of the document event of the page that sent this. */
  document_id?: string;
  client_event_id?: string;
  adjusted?: string[];
  document?: DocumentFacts;
  auth?: { scheme: AuthScheme; key_id?: string; issued_at?: string; ip_changed?: true };
  consent?: ConsentFacts;
  http?: HttpFacts;
};

export type DocumentFacts = {
  status: number;
  /** Body bytes written to the client. */
  bytes: number;
  /** Milliseconds to the origin's first byte. */
  origin_ms: number;
  /** The outcome label of `gotrack_injections_total`. */
  injection: string;
  prefetch?: true;
};

export type ConsentState = 'granted' | 'denied' | 'unknown';

export type ConsentFacts = {
  analytics: ConsentState;
  security: ConsentState;
  gpc?: true;
  dnt?: true;
  source: 'default' | 'api' | 'cookie' | 'gpc' | 'dnt';
};

export type HttpFacts = {
  version: string;
  host?: string;
  method: string;
  status?: number;
  /** Header names in their true order on the wire, at most 64. */
  header_order?: string[];
};

/** The bytes of an event: one line of JSON without its line feed. */
export function toRecord(envelope: Envelope): Buffer {
  return toLine(envelope);
}
