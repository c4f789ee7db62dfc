/** What is to be done with the text of a page that is all here: where the snippet goes, and which metas change. */
import { editAttribute } from './head/edit-attribute.ts';
import { type PageHead, readHead } from './head/read-head.ts';
import type { BodyOutcome, Done } from './outcome.ts';
import { PREFIX_BYTES } from './page-prefix.ts';
import { type PageFacts, type Placement, placeInPage, prefixOutcome } from './page-text.ts';

/** What has to be known of the page. */
export type TextPage = {
  readonly facts: PageFacts;
  /** INJECT_AT, or `tail` where there is no script. */
  readonly place: 'head' | 'tail';
  /** Makes the policies of metas its own: what each becomes, change by change; null: nothing may stand here. */
  obey(metas: readonly string[]): readonly (readonly string[])[] | null;
};

export type WholePage = TextPage & {
  /** May throw. */
  snippet(): Buffer;
};

/**
 * `edited`: the whole new body. `plain`: the body passes as it came. `streamed`: too large to be decoded at
 * once; a stream may do it.
 */
export type WholeEdit =
  | { readonly kind: 'edited'; readonly body: Buffer; readonly outcome: Done }
  | { readonly kind: 'plain'; readonly outcome: BodyOutcome | 'encoding' }
  | { readonly kind: 'streamed' };

/** New bytes instead of those from `start` to `end`. */
type Change = { readonly start: number; readonly end: number; readonly text: string };

export type TextPlan =
  /** `lasting`: this holds for the same bytes whatever head comes with them. */
  | { readonly kind: 'plain'; readonly outcome: BodyOutcome; readonly lasting: boolean }
  | {
      readonly kind: 'edit';
      readonly at: number;
      /** The snippet could stand behind all of the text just as well, and nothing else changes. */
      readonly atEnd: boolean;
      readonly lasting: boolean;
      readonly changes: readonly Change[];
    };

/** How the place is found, where it is at the tail. */
export type FindPlace = (text: Buffer, facts: PageFacts) => Placement;

/** After it, the page's snippet is the one that its metas allow. */
export function planText(text: Buffer, page: TextPage, findPlace: FindPlace = placeInPage): TextPlan {
  return page.place === 'head' ? planHead(text, page, findPlace) : planTail(text, page, findPlace);
}

function planTail(text: Buffer, page: TextPage, findPlace: FindPlace): TextPlan {
  const placed = findPlace(text, page.facts);
  if (!('at' in placed)) return { kind: 'plain', outcome: placed.outcome, lasting: true };
  const { at, atEnd, metaPolicy } = placed;
  if (!metaPolicy) return { kind: 'edit', at, atEnd, lasting: true, changes: [] };
  const latin1 = text.toString('latin1');
  const { policies } = readWholeHead(latin1);
  if (policies.length === 0) return { kind: 'edit', at, atEnd, lasting: true, changes: [] };
  const changes = changeMetas(latin1, policies, page);
  if (changes === null) return { kind: 'plain', outcome: 'csp-meta', lasting: false };
  return { kind: 'edit', at, atEnd: false, lasting: false, changes };
}

function planHead(text: Buffer, page: TextPage, findPlace: FindPlace): TextPlan {
  const outcome = prefixOutcome(text.subarray(0, PREFIX_BYTES), page.facts);
  if (outcome !== null) return { kind: 'plain', outcome, lasting: true };
  const latin1 = text.toString('latin1');
  const { amp, policies, scriptAt } = readWholeHead(latin1);
  if (amp) return { kind: 'plain', outcome: 'amp', lasting: true };
  if (scriptAt === null) return { kind: 'plain', outcome: 'unclosed', lasting: true };
  const changes = changeMetas(latin1, policies, page);
  if (changes === null) return { kind: 'plain', outcome: 'csp-meta', lasting: false };
  // The pixel alone: that is nothing for a head.
  if (page.place === 'tail') return planTail(text, page, findPlace);
  return { kind: 'edit', at: scriptAt, atEnd: false, lasting: false, changes };
}

function readWholeHead(text: string): PageHead {
  const head = readHead(text, true);
  if (head === null) throw new Error('a page without a body, though it has ended');
  return head;
}

/** Null: nothing of ours may stand in this page, or a change would not mean what it should. */
function changeMetas(text: string, policies: PageHead['policies'], page: TextPage): readonly Change[] | null {
  if (policies.length === 0) return [];
  const edits = page.obey(policies.map(({ value }) => value));
  if (edits === null) return null;
  const changes = policies.flatMap(({ start, end }, i) =>
    edits[i]!.length === 0 ? [] : [{ start, end, text: editAttribute(text.slice(start, end), edits[i]!) }],
  );
  if (changes.length === 0) return changes;
  const expected = policies.map(({ value }, i) => edits[i]!.at(-1) ?? value);
  return says(applyChanges(text, changes), expected) ? changes : null;
}

/** How a browser reads the edited page: the proof of the edit. */
function says(text: string, values: readonly string[]): boolean {
  const { policies } = readWholeHead(text);
  return policies.length === values.length && policies.every(({ value }, i) => value === values[i]);
}

function applyChanges(text: string, changes: readonly Change[]): string {
  let at = 0;
  let changed = '';
  for (const { start, end, text: instead } of changes) {
    changed += text.slice(at, start) + instead;
    at = end;
  }
  return changed + text.slice(at);
}

export type TextEdit = Extract<TextPlan, { kind: 'edit' }>;

/** The text with all of it done. */
export function carryOut(text: Buffer, { at, changes }: TextEdit, snippet: Buffer): Buffer {
  const all = [...changes.map(toPiece), { start: at, end: at, bytes: snippet }].sort(
    (a, b) => a.start - b.start,
  );
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { start, end, bytes } of all) {
    pieces.push(text.subarray(from, start), bytes);
    from = end;
  }
  return Buffer.concat([...pieces, text.subarray(from)]);
}

function toPiece({ start, end, text }: Change): { start: number; end: number; bytes: Buffer } {
  return { start, end, bytes: Buffer.from(text, 'latin1') };
}
