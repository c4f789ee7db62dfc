/**
 * The room `inject`: puts the tracker into HTML, and into nothing else (proxy: "Which responses get the
 * snippet"). For each exchange it is asked once, may change what the origin is asked for, and gets a writer
 * before the client's.
 *
 * Invariants. A response that may not be edited passes byte for byte. An edited page, without our run, is the
 * origin's page byte for byte. No token, session or document id stands where a shared cache may store it. No
 * byte of a page waits for its end but the last HELD_BYTES. All buffers are bounded. A fault of ours leaves
 * the page as it came, and is counted.
 */
import type { Exchange } from '../http/exchange.ts';
import { headerList, type RawHeaders, setHeader } from '../http/raw-headers.ts';
import type { ResponseWriter } from '../http/response-writer.ts';
import { compileGlobs } from '../lib/glob.ts';
import { createArrivals } from './arrival.ts';
import { createByteBudget } from './byte-budget.ts';
import { consentOf } from './consent.ts';
import { requestOutcome } from './eligible.ts';
import { createNegotiation } from './encoding.ts';
import { createPlaceFinder } from './known-places.ts';
import { createPageKey, PAGE_KEY_BYTES } from './page-key.ts';
import { createPageMemory } from './page-memory.ts';
import type { PageAsk } from './page-plan.ts';
import { readPageRequest } from './page-request.ts';
import { PageWriter } from './page-writer.ts';
import { type InjectDeps, type Room, reportFault } from './room.ts';
import { createSnippet, type SnippetOptions } from './snippet.ts';
import { createTails } from './splice/ending.ts';
import { unmarkRequest } from './validators.ts';
import { createGzipEditor } from './whole-gzip.ts';

export type { InjectDeps, IssuedToken, ServedDocument } from './room.ts';

export type InjectOptions = SnippetOptions & {
  /** TRACKING. */
  readonly tracking: boolean;
  /** INJECT_PATHS; empty means all. */
  readonly injectPaths: readonly string[];
  /** INJECT_EXCLUDE. */
  readonly injectExclude: readonly string[];
  /** INJECT_BUFFER_BYTES. */
  readonly bufferBytes: number;
  /** VARY. */
  readonly vary: boolean;
  /** DEBUG_HEADERS. */
  readonly debugHeaders: boolean;
  /** CSP. */
  readonly csp: 'edit' | 'respect';
  /** DOCUMENT_EVENTS. */
  readonly documentEvents: 'all' | 'injected' | 'off';
};

export type EditedExchange = { wrap(next: ResponseWriter): ResponseWriter };

export type Inject = {
  /** Called once for each exchange, before its request goes out; may change `originHeaders`. Never throws. */
  begin(exchange: Exchange, originHeaders: RawHeaders): EditedExchange | null;
};

/** All pages that are edited whole at a time. */
const WHOLE_PAGES_BYTES = 64 << 20;
/** Of all compressed pages that stream: 340 in gzip at a time, or 64 in brotli or zstd. */
const RECODERS_BYTES = 64 << 20;

/** Throws if the tracker's script could not stand in a page. */
export function createInject(options: InjectOptions, deps: InjectDeps): Inject {
  const room = createRoom(options, deps);
  return {
    begin(exchange, originHeaders) {
      try {
        return new PageWriter(room, exchange, ask(room, exchange, originHeaders));
      } catch (error) {
        reportFault(room, exchange, error);
        return new PageWriter(room, exchange, null);
      }
    },
  };
}

function createRoom(options: InjectOptions, deps: InjectDeps): Room {
  const snippet = createSnippet(options);
  const tails = createTails(snippet.rest);
  const pageKey = createPageKey(deps.randomBytes(PAGE_KEY_BYTES));
  return {
    deps,
    snippet,
    requestRules: {
      tracking: options.tracking,
      paths: compileGlobs(options.injectPaths),
      exclude: compileGlobs(options.injectExclude),
      frames: options.frames,
    },
    headRules: {
      version: snippet.version,
      vary: options.vary,
      debug: options.debugHeaders,
      mayEditPolicies: options.csp === 'edit',
    },
    negotiate: createNegotiation(),
    consentRequired: options.consentRequired,
    documentEvents: options.documentEvents,
    bufferBytes: options.bufferBytes,
    budget: createByteBudget(WHOLE_PAGES_BYTES),
    memory: createPageMemory(),
    arrivals: createArrivals(deps.clock.monotonic),
    recoderBudget: createByteBudget(RECODERS_BYTES),
    place: options.injectAt,
    editGzip: createGzipEditor(tails, pageKey),
    tails,
    findPlace: createPlaceFinder(pageKey),
  };
}

/** Asks the rules of the request; where all hold, the origin is asked for what we can edit. */
function ask(room: Room, exchange: Exchange, originHeaders: RawHeaders): PageAsk {
  const { deps, requestRules, consentRequired } = room;
  const startedAt = deps.clock.monotonic();
  const { method, url } = exchange.clientReq;
  const request = readPageRequest(method!, url!, originHeaders);
  const consent = consentOf(deps.consentOf(exchange), consentRequired);
  const outcome = requestOutcome(requestRules, request, consent);
  if (outcome !== null) return { request, consent, outcome, marked: false, startedAt };
  const encoding = room.negotiate(headerList(originHeaders, 'accept-encoding'));
  if (encoding !== undefined) setHeader(originHeaders, 'Accept-Encoding', encoding);
  const marked = unmarkRequest(originHeaders, room.snippet.version);
  return { request, consent, outcome, marked, startedAt };
}
