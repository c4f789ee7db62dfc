/**
 * The pixel (protocol: "Pixel"). Whatever comes of its event, the answer is the image and 200, since an image
 * cannot retry; `X-GoTrack-Accepted` says whether the event is synced.
 */

import type { Envelope } from '../event/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import { pathOf } from '../http/path-of.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import { type BatchDeps, keep } from './batch.ts';
import type { DropReason } from './drop.ts';
import { type ParsedEvent, parseEvent } from './parse-event.ts';
import { readPixelQuery } from './pixel-query.ts';
import type { Rate } from './rate.ts';
import { type RecordDeps, record, refusalToRecord } from './record.ts';
import type { RejectReason } from './reject.ts';
import { type OwnCookie, readSender, type SenderDeps } from './sender.ts';
import { toEnvelope } from './to-envelope.ts';

export type PixelDeps = SenderDeps &
  BatchDeps &
  RecordDeps & {
    readonly corsOrigins: ReadonlySet<string>;
    readonly pixelRate: Rate;
    readonly uuidV4: () => string;
    readonly onRejected: (reason: RejectReason) => void;
    readonly tokens: SenderDeps['tokens'] & {
      verifyDocumentProof(text: string, ipKey: string): string | null;
      writeCookie(identity: OwnCookie, secure: boolean): string | null;
      readCookie(headers: RawHeaders): OwnCookie | null;
    };
  };

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');
const MAX_WAIT_MS = 100;

/** What became of a request for the image: an event to record, or why there is none. */
type Pixel =
  | { readonly kind: 'event'; readonly envelope: Envelope; readonly cookie: string | null }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  | { readonly kind: 'reject'; readonly reason: RejectReason };

export async function takePixel(exchange: Exchange, deps: PixelDeps): Promise<void> {
  const query = readPixelQuery(exchange.clientReq.url!);
  // The page's `load` waits for our own image: answer first, then work.
  if (query.auto) answerGif(exchange, { accepted: 0, cookie: null });
  const pixel = readPixel(exchange, query, deps);
  if (pixel.kind === 'drop') deps.onDropped(pixel.reason, 1);
  if (pixel.kind === 'reject') deps.onRejected(pixel.reason);
  const recorded = pixel.kind === 'event' ? record(pixel.envelope, deps) : Promise.resolve(false);
  if (query.auto) return;
  const accepted = (await atMost(recorded, MAX_WAIT_MS)) ? 1 : 0;
  answerGif(exchange, { accepted, cookie: pixel.kind === 'event' ? pixel.cookie : null });
}

export function answerGif(
  { clientReq, clientRes }: Exchange,
  answer: { readonly accepted: 0 | 1; readonly cookie: string | null },
): void {
  const headers = [
    ...['Content-Type', 'image/gif', 'Content-Length', String(GIF.length)],
    ...['Cache-Control', 'no-store', 'X-GoTrack-Accepted', String(answer.accepted)],
  ];
  if (answer.cookie !== null) headers.push('Set-Cookie', answer.cookie);
  clientRes.writeHead(200, headers);
  if (clientReq.method === 'HEAD') clientRes.end();
  else clientRes.end(GIF);
}

type Query = ReturnType<typeof readPixelQuery>;

function readPixel(exchange: Exchange, query: Query, deps: PixelDeps): Pixel {
  if (isForeign(exchange, deps.corsOrigins)) return { kind: 'drop', reason: 'foreign-site' };
  const limit = { rate: deps.pixelRate, reason: 'pixel-rate' } as const;
  const refusal = refusalToRecord(exchange.address.ipKey, limit, deps);
  if (refusal !== null) return { kind: 'drop', reason: refusal };
  const { scrub, userId } = deps.privacy;
  const parsed = parseEvent(query.event, { scrub, userId, escapes: true, byServer: false });
  if (!parsed.ok) return { kind: 'reject', reason: parsed.reason };
  return toPixel(exchange, { query, event: parsed.event }, deps);
}

type Read = { readonly query: Query; readonly event: ParsedEvent };

function toPixel(exchange: Exchange, { query, event }: Read, deps: PixelDeps): Pixel {
  const { proof, auto } = query;
  const documentId = proof === null ? null : deps.tokens.verifyDocumentProof(proof, exchange.address.ipKey);
  const auth = { scheme: 'none' } as const;
  const sender = readSender(exchange, { documentId, auth, idSource: null, signedAt: null }, deps);
  const consent = deps.privacy.decideConsent(sender.consent);
  const isNew = !auto && sender.cookie === null && event.payload.session?.session_id === undefined;
  const cookie = isNew ? { session: deps.uuidV4(), visitor: null } : sender.cookie;
  const made = toEnvelope(
    { event: auto ? { ...event, type: 'pixel' } : event, consent: consent.recorded, index: 0 },
    // its own query names the user and proves the document: it never stands in for a page's URL
    { ...sender, cookie, target: pathOf(sender.target) },
    deps,
  );
  const kept = keep(made, consent, deps);
  if (typeof kept === 'string') return { kind: 'drop', reason: kept };
  const mayStore = isNew && consent.analytics && cookie !== null;
  const secure = exchange.scheme === 'https';
  return { kind: 'event', envelope: kept, cookie: mayStore ? deps.tokens.writeCookie(cookie, secure) : null };
}

/** An image can be asked for by any page of the world. */
function isForeign({ clientReq }: Exchange, corsOrigins: ReadonlySet<string>): boolean {
  const { 'sec-fetch-site': site, referer } = clientReq.headers;
  if (site !== 'cross-site') return false;
  return !(referer !== undefined && URL.canParse(referer) && corsOrigins.has(new URL(referer).origin));
}

function atMost(recorded: Promise<boolean>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    void recorded.then((synced) => {
      clearTimeout(timer);
      resolve(synced);
    });
  });
}
