/** One page that may get the snippet: what its head becomes, and the snippet that it gets. */
import type { Exchange } from '../http/exchange.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import { type Left, leftBy, planMetas } from './csp/meta.ts';
import type { Editable } from './encoding.ts';
import type { SnippetPieces } from './gathered-bytes.ts';
import type { Done, Outcome } from './outcome.ts';
import type { PageDelivery } from './page-delivery.ts';
import { editedHead, sayOutcome } from './page-head.ts';
import { type EditPlan, planUnder, policyFacts, type Response } from './page-plan.ts';
import { snippetParts } from './page-snippet.ts';
import type { PageFacts } from './page-text.ts';
import { contentTypeOf, type Prepared } from './prepare-page.ts';
import { type Room, reportFault } from './room.ts';
import type { SnippetParts } from './snippet.ts';
import { endWith, type MemberEnd } from './splice/ending.ts';

type PreparedEdit = Extract<Prepared, { kind: 'edit' }>;

/** Where a page comes from and goes to. */
export type PageWay = {
  readonly response: Response;
  readonly delivery: PageDelivery;
  /** Lets the origin go on. */
  resume(): void;
};

/** A class, because one is made for each page. */
export class Page {
  readonly delivery: PageDelivery;
  readonly facts: PageFacts;
  readonly resume: () => void;
  readonly #room: Room;
  readonly #exchange: Exchange;
  readonly #response: Response;
  readonly #prepared: PreparedEdit;
  #plan: EditPlan;

  constructor(room: Room, exchange: Exchange, { prepared, way }: { prepared: PreparedEdit; way: PageWay }) {
    this.#room = room;
    this.#exchange = exchange;
    this.#prepared = prepared;
    this.#plan = prepared.plan;
    this.#response = way.response;
    this.delivery = way.delivery;
    this.resume = way.resume;
    const { head, ask } = way.response;
    this.facts = { contentType: contentTypeOf(head), shown: ask.request.fetchDest === 'document' };
  }

  get encoding(): Editable {
    return this.#plan.encoding;
  }

  get place(): 'head' | 'tail' {
    return this.#plan.place;
  }

  /** Says in a trailer what the head of a streamed page could not know. */
  get debug(): boolean {
    return this.#room.headRules.debug;
  }

  /** The head of the page if it passes as it came. */
  passedHead(outcome: Outcome): ResponseHead {
    const { head } = this.#response;
    if (this.debug) sayOutcome(head, outcome);
    return head;
  }

  /** The head of the edited page; `length` null: streamed. */
  editedHead(length: number | null, outcome: Done | null): ResponseHead {
    return editedHead(this.#response.head, { ...this.#plan, length, outcome }, this.#room.headRules);
  }

  /** May throw: it asks other rooms. */
  snippet(): Buffer {
    return this.#room.snippet.render(this.#parts());
  }

  /** The snippet as what varies, ASCII, and what is the same for all pages. May throw likewise. */
  snippetPieces(): SnippetPieces {
    const { snippet } = this.#room;
    const parts = this.#parts();
    return { start: snippet.renderStart(parts), rest: parts.script === null ? null : snippet.rest };
  }

  /** The snippet without the end that all scripts share; null where no script is in it. May throw likewise. */
  get snippetStart(): (() => Buffer) | null {
    return this.#plan.script === null
      ? null
      : () => Buffer.from(this.#room.snippet.renderStart(this.#parts()), 'latin1');
  }

  /** What is still to be sent of a streamed gzip page, with the snippet behind its text. May throw likewise. */
  gzipEnding(end: MemberEnd): Buffer {
    const { tails } = this.#room;
    const start = this.snippetStart;
    return endWith(end, start === null ? tails.alone(this.snippet()) : tails.withRest(start()));
  }

  /**
   * The policies in the page itself join those of its head, which has not gone out. Returns what each becomes,
   * change by change, or null: nothing of ours may stand in this page.
   */
  obey(metas: readonly string[]): readonly (readonly string[])[] | null {
    const [room, exchange, response] = [this.#room, this.#exchange, this.#response];
    const planned = planMetas(response.head.headers, metas, policyFacts(room, exchange));
    const plan = planUnder(planned.verdict, room, { exchange, response });
    if (plan.kind === 'pass') return null;
    this.#setPlan(plan);
    return planned.metas;
  }

  /** The same when the head has gone: neither it nor they can be edited any more. */
  obeyLate(metas: readonly string[]): Left {
    const { script, pixel } = this.#plan;
    const left = leftBy(metas, policyFacts(this.#room, this.#exchange), script?.nonce ?? null);
    const kept = { script: script !== null && left.script, pixel: pixel && left.pixel };
    this.#setPlan({ ...this.#plan, script: kept.script ? script : null, pixel: kept.pixel });
    return kept;
  }

  #setPlan(plan: EditPlan): void {
    this.#plan = plan;
    if (plan.script === null) this.delivery.forgetPageSession();
  }

  fault(error: unknown): void {
    reportFault(this.#room, this.#exchange, error);
  }

  /** Of the memory that recoders may hold; false: there is none left. */
  takeRecoder(bytes: number): boolean {
    return this.#room.recoderBudget.take(bytes);
  }

  releaseRecoder(bytes: number): void {
    this.#room.recoderBudget.release(bytes);
  }

  #parts(): SnippetParts {
    return snippetParts(this.#room, this.#exchange, { ...this.#prepared, plan: this.#plan });
  }
}
