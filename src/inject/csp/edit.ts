/**
 * The edit of one policy: what our script needs joins it, and nothing else of it changes, byte for byte.
 * An edited policy needs no edit.
 */
import { CONNECT, INLINE, inlineRuleOf, mayConnect } from './judge.ts';
import { type Directive, governing, type Policy, parsePolicy } from './policy.ts';
import { isNone, type Origin } from './source.ts';

export type ScriptNeeds = {
  /** The page's. */
  readonly own: Origin;
  /** Our script's source expression in a policy: `'sha256-…'`, with the quotes. */
  readonly hash: string;
  /** The script bears it. */
  readonly nonce: string | null;
};

/** The text of a policy under which our script runs and may send; the policy's own text where it may already. */
export function editPolicy(policy: Policy, needs: ScriptNeeds): string {
  return editSteps(policy, needs).at(-1)!;
}

/** The same, change by change: each text differs from the one before, or from the policy's, at one place at most. */
export function editSteps(policy: Policy, { own, hash, nonce }: ScriptNeeds): readonly string[] {
  const rule = inlineRuleOf(policy, hash);
  const runs = rule.kind === 'allowed' || (rule.kind === 'nonce' && rule.nonces.includes(nonce ?? ''));
  const running = runs ? policy : withSource(policy, { names: INLINE, own: 'script-src', source: hash });
  const sends = mayConnect(policy, own);
  const sending = sends
    ? running
    : withSource(running, { names: CONNECT, own: 'connect-src', source: "'self'" });
  return [running.text, sending.text];
}

type Addition = {
  /** The directives that may govern, the nearest first, `default-src` last; the policy has one of them. */
  readonly names: readonly string[];
  /** Which one is made where only `default-src` governs: that one governs much else. */
  readonly own: string;
  readonly source: string;
};

function withSource(policy: Policy, { names, own, source }: Addition): Policy {
  const name = governing(policy, names)!;
  const directive = policy.directives.get(name)!;
  const text =
    name === 'default-src'
      ? withDirective(policy.text, [own, ...copiedSources(directive), source].join(' '))
      : withJoined(policy.text, directive, source);
  return parsePolicy(text, policy.reportOnly);
}

/** Where `'none'` stands beside another source, it means nothing and Chromium logs an error. */
function copiedSources({ sources }: Directive): string[] {
  return sources.map(({ text }) => text).filter((text) => !isNone(text));
}

function withJoined(text: string, { sources, end }: Directive, source: string): string {
  const none = sources.find((other) => isNone(other.text));
  if (none === undefined) return `${text.slice(0, end)} ${source}${text.slice(end)}`;
  return text.slice(0, none.at) + source + text.slice(none.at + none.text.length);
}

function withDirective(text: string, directive: string): string {
  let end = text.length;
  while (' \t\n\f\r'.includes(text[end - 1]!)) end--;
  const separator = text[end - 1] === ';' ? ' ' : '; ';
  return text.slice(0, end) + separator + directive + text.slice(end);
}
