/**
 * Policies in a page's own metas, together with those of its head: all of them hold at once. What a meta may not
 * say (`sandbox`, `frame-ancestors`, `report-uri`; HTML standard §4.2.5.3) is no part of its policy.
 */
import type { RawHeaders } from '../../http/raw-headers.ts';
import { type CspFacts, type CspVerdict, planLines } from './csp.ts';
import { editSteps } from './edit.ts';
import { inlineRuleOf, mayConnect, mayLoadImage, reachOf } from './judge.ts';
import { type Policy, parsePolicy, readPolicyLines } from './policy.ts';

export type MetaVerdict = {
  readonly verdict: CspVerdict;
  /** For each meta what its value becomes, change by change; empty: it stays. Of a page that gets a script only. */
  readonly metas: readonly (readonly string[])[];
};

/** `metas`: their values. */
export function planMetas(headers: RawHeaders, metas: readonly string[], facts: CspFacts): MetaVerdict {
  const parsed = metas.map(parseMeta);
  const lines = [...readPolicyLines(headers), ...parsed];
  const verdict = planLines(lines, facts);
  const unchanged = metas.map(() => []);
  if (verdict.kind !== 'script' || verdict.lines === null) return { verdict, metas: unchanged };
  const headerLines = verdict.lines.slice(0, lines.length - metas.length);
  const needs = { own: facts.own, hash: facts.hash, nonce: verdict.nonce };
  const edits = parsed.map((policies) => {
    const steps = policies.map((policy) => editSteps(policy, needs));
    return steps.every((texts, i) => texts.at(-1) === policies[i]!.text) ? [] : steps;
  });
  // A comma parts policies for some browsers and none for others: what joined one would be lost in the other.
  if (edits.some((steps) => steps.length > 1)) return { verdict: { kind: 'forbidden' }, metas: unchanged };
  return { verdict: { ...verdict, lines: headerLines }, metas: edits.map(([steps]) => steps ?? []) };
}

/**
 * What metas, which came when the head had long gone, leave of a snippet whose script bears that nonce: all of
 * it, or one of its two parts, or nothing.
 */
export type Left = { readonly script: boolean; readonly pixel: boolean };

export function leftBy(metas: readonly string[], { own, hash }: CspFacts, nonce: string | null): Left {
  const policies = metas.flatMap(parseMeta);
  const runs = (policy: Policy) => {
    const rule = inlineRuleOf(policy, hash);
    return rule.kind === 'allowed' || (rule.kind === 'nonce' && rule.nonces.includes(nonce ?? ''));
  };
  return {
    script: reachOf(policies) === 'script' && policies.every((one) => runs(one) && mayConnect(one, own)),
    pixel: policies.every((policy) => mayLoadImage(policy, own)),
  };
}

/** What a meta's policy cannot say; of a response they do count. */
const NOT_IN_META = ['sandbox', 'frame-ancestors', 'report-uri'];

function parseMeta(value: string): Policy[] {
  return value.split(',').map((text) => {
    const policy = parsePolicy(text, false);
    const directives = new Map(policy.directives);
    for (const name of NOT_IN_META) directives.delete(name);
    return { ...policy, directives };
  });
}
