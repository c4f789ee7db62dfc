/**
 * Event ids (events: "Ids"). A browser's UUIDv4 is kept; whatever else a client calls its event is hashed
 * together with who says so, so that nobody can take another's id in advance; without one, the id comes from
 * the signature (or a server's Idempotency-Key), so that a repeat repeats it.
 */
import { v5 } from 'uuid';
import type { AuthScheme } from './envelope.ts';

/** Who claims an id: only the same claimant gets the same event id for the same claim. */
export type Claimant = {
  readonly scheme: AuthScheme;
  readonly session: string | null;
  /** Stands in where there is no session. */
  readonly ipTag: string;
};

export type EventId = {
  readonly eventId: string;
  /** What the client said, where that could not be kept. */
  readonly clientEventId?: string;
};

const NAMESPACE = '13099677-8dda-4ae8-8e04-7c084d6a4d28';
/** Of a server every UUID is taken: RFC 9562 §4, those with a version. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The event id for what a client calls its event; `claimed` is not empty. */
export function idFromClaim(claimed: string, claimant: Claimant): EventId {
  const shape = claimant.scheme === 'server' ? UUID : UUID_V4;
  if (shape.test(claimed)) return { eventId: claimed.toLowerCase() };
  const owner = ownerOf(claimant);
  return { eventId: v5(`${claimant.scheme}\n${owner}\n${claimed}`, NAMESPACE), clientEventId: claimed };
}

/** Servers have no session and move from host to host: what one calls an event is what they all call it. */
function ownerOf({ scheme, session, ipTag }: Claimant): string {
  if (scheme === 'server') return 'server';
  return session === null ? `ip:${ipTag}` : `session:${session}`;
}

/** What comes again with a repeat: the hex digits of a v1 signature, or an Idempotency-Key. */
export type IdSource = { readonly kind: 'signature' | 'idempotency-key'; readonly text: string };

/** The event id of an event that brought none: `index` is its place in the batch, from 0. */
export function idFromSource({ kind, text }: IdSource, index: number): string {
  return v5(`${kind}\n${text}\n${index}`, NAMESPACE);
}
