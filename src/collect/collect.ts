/**
 * The room `collect`: takes events from browsers and answers 202 once they are in the journal and synced.
 *
 * - A client can only speak for itself: nothing is believed before the signature, nothing that it claims
 *   leaves `payload`.
 * - A 202 promises what `append` has promised, and nothing else does.
 * - Whatever is refused or dropped has a reason from a closed union, and is counted once.
 * - Nothing here reaches the origin, and no fault here reaches a page.
 */
import type { ClientReq } from '../http/client-message.ts';
import type { Exchange } from '../http/exchange.ts';
import { askForBody, type BodyFailure } from '../http/read-body.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { IssuedToken } from '../token/tokens.ts';
import {
  type Accepted,
  answerAccepted,
  answerPreflight,
  answerRejection,
  answerToken,
  answerWrongMethod,
} from './answer.ts';
import { firstRejection, type Incoming } from './checks.ts';
import { type BodyCredential, readCredential } from './credential.ts';
import { recordDocument, type ServedDocument } from './document.ts';
import { type OpenedPost, openPost, storePost } from './open-post.ts';
import { type CollectDeps, type CollectOptions, createParts } from './parts.ts';
import { answerGif, takePixel } from './pixel.ts';
import { answerPublicKey } from './public-key.ts';
import type { Rejection } from './reject.ts';
import { type Site, siteOf } from './same-site.ts';
import { recordSamples, type SamplesOutcome } from './samples.ts';
import { type AnswerScript, createScripts } from './scripts.ts';

/** Each answers its exchange; the promises never reject, and nobody has to wait for them. */
export type Collect = {
  /** A POST with `X-GoTrack-HMAC` on any path, and anything on `/collect`. */
  post(exchange: Exchange): Promise<void>;
  /** False, and nothing is answered, where the origin is not in CORS_ORIGINS: such a preflight is the site's. */
  preflight(exchange: Exchange): boolean;
  pixel(exchange: Exchange): Promise<void>;
  script: AnswerScript;
  publicKey(exchange: Exchange): void;
  recordDocument(served: ServedDocument): Promise<void>;
  /** TEST_MODE. Rejects where the journal does. */
  recordSamples(): Promise<SamplesOutcome>;
};

const RETRY_SECONDS = 5;
const NOTHING: Accepted = { accepted: 0, duplicates: 0, dropped: 0, rejected: [] };

export function createCollect(options: CollectOptions, deps: CollectDeps): Collect {
  const { tokens } = deps;
  const parts = createParts(options, deps);

  async function post(exchange: Exchange): Promise<void> {
    try {
      if (!options.tracking && exchange.clientReq.method === 'POST') takeNothing(exchange);
      else await receive(incomingOf(exchange));
    } catch (error) {
      parts.onFault(error);
      if (exchange.clientRes.headersSent) exchange.clientRes.destroy();
      else refuse({ exchange, site: null }, { reason: 'fault', retryAfter: RETRY_SECONDS });
    }
  }

  function incomingOf(exchange: Exchange): Incoming {
    return { exchange, site: siteOf(exchange, parts), credential: readCredential(exchange, parts) };
  }

  /** Cached pages go on sending for a while after TRACKING=off: they get their answer, and that is all. */
  function takeNothing(exchange: Exchange): void {
    parts.onDropped('tracking-off', 1);
    answerAccepted(exchange, NOTHING, { site: siteOf(exchange, parts) });
  }

  async function receive(incoming: Incoming): Promise<void> {
    const { exchange, site, credential } = incoming;
    const rejection = firstRejection(incoming, parts);
    if (rejection !== null) return refuse(incoming, rejection);
    const { ipKey } = exchange.address;
    switch (credential.scheme) {
      case 'hello':
        return answerToken(exchange, tokens.mintHello(ipKey), site);
      case 'unknown-kid':
        return refuse(incoming, { reason: 'stale-token' }, tokens.mintHello(ipKey));
      case 'refused':
        return refuse(incoming, credential.rejection);
      default:
        return receiveEvents(incoming, credential);
    }
  }

  async function receiveEvents(incoming: Incoming, credential: BodyCredential): Promise<void> {
    const { exchange, site } = incoming;
    const opened = await readAndOpen(incoming, credential);
    if (opened === null) return;
    const outcome = await storePost(opened, parts);
    if (outcome.kind === 'rejected') return refuse(incoming, outcome.rejection, outcome.token);
    const { result, token, identity } = outcome;
    parts.onAccepted(credential.scheme, result.accepted);
    parts.onDuplicates(result.duplicates);
    // A server speaks for many people, and is none of them.
    const mayName = identity !== null && credential.scheme !== 'server';
    const cookie = mayName ? tokens.writeCookie(identity, exchange.scheme === 'https') : null;
    answerAccepted(exchange, result, { site, token, cookie });
  }

  /** Its own function, so that nothing holds the body while the events wait for the disk. */
  async function readAndOpen(incoming: Incoming, credential: BodyCredential): Promise<OpenedPost | null> {
    const { clientReq, address } = incoming.exchange;
    const limit = { maxBytes: options.maxBodyBytes, owner: address.ipKey };
    askForBody(incoming.exchange);
    const reading = await parts.bodies.read(clientReq, limit);
    if (reading.ok) {
      parts.bodies.release(reading.body, limit.owner);
      return openPost({ exchange: incoming.exchange, credential, body: reading.body }, parts);
    }
    refuseBody(incoming, reading.reason);
    return null;
  }

  function refuseBody(at: At, failure: BodyFailure): void {
    switch (failure) {
      case 'too-large':
        return refuse(at, { reason: 'body-too-large' });
      case 'busy':
        return refuse(at, { reason: 'bodies-busy', retryAfter: RETRY_SECONDS });
      case 'slow':
        return refuse(at, { reason: 'body-too-slow' });
      case 'gone':
        return;
      default:
        return assertNever(failure);
    }
  }

  function refuse({ exchange, site }: At, rejection: Rejection, token: IssuedToken | null = null): void {
    parts.onRejected(rejection.reason);
    const unread = unreadOf(exchange.clientReq, options.maxBodyBytes);
    answerRejection(exchange, rejection, { site, token, unread });
  }

  function preflight(exchange: Exchange): boolean {
    const { origin } = exchange.clientReq.headers;
    if (origin === undefined || !parts.corsOrigins.has(origin)) return false;
    answerPreflight(exchange, origin);
    return true;
  }

  async function pixel(exchange: Exchange): Promise<void> {
    try {
      const { method } = exchange.clientReq;
      if (method !== 'GET' && method !== 'HEAD') {
        parts.onRejected('wrong-method');
        return answerWrongMethod(exchange, 'GET, HEAD');
      }
      if (options.tracking) return await takePixel(exchange, parts);
      parts.onDropped('tracking-off', 1);
      answerGif(exchange, { accepted: 0, cookie: null });
    } catch (error) {
      parts.onFault(error);
      if (!exchange.clientRes.headersSent) answerGif(exchange, { accepted: 0, cookie: null });
    }
  }

  async function record(served: ServedDocument): Promise<void> {
    try {
      await recordDocument(served, parts);
    } catch (error) {
      parts.onFault(error);
    }
  }

  return {
    ...{ post, preflight, pixel, recordDocument: record },
    script: createScripts({ ...parts, texts: deps.scripts }),
    publicKey: (exchange) => answerPublicKey(exchange, parts),
    recordSamples: () => recordSamples(parts),
  };
}

type At = { readonly exchange: Exchange; readonly site: Site };

/** What of a request's body is still to come: a little is worth reading, so that the connection can stay. */
function unreadOf(clientReq: ClientReq, maxBytes: number): 'nothing' | 'little' | 'much' {
  if (clientReq.complete) return 'nothing';
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = clientReq.headers;
  // Where reading has begun, node does not read on by itself.
  const untouched = clientReq.readableFlowing === null;
  return coding === undefined && untouched && Number(length) <= maxBytes ? 'little' : 'much';
}
