/** What one policy, or all that hold at once, let our snippet do (proxy: "CSP"). Nothing is changed here. */
import { type Policy, sourcesOf } from './policy.ts';
import { allowsNothing, allowsOwnOrigin, type InlineRule, inlineRule, type Origin } from './source.ts';

/** The directives that govern a request or a script: the first that a policy has. */
export const INLINE = ['script-src-elem', 'script-src', 'default-src'] as const;
export const CONNECT = ['connect-src', 'default-src'] as const;
const IMAGE = ['img-src', 'default-src'] as const;

/**
 * What no edit may widen. `nothing`: the page's origin is opaque, so nothing that we sent would be believed.
 * `pixel`: scripts do not run, or could not send. What is only reported never keeps us out.
 */
export type Reach = 'script' | 'pixel' | 'nothing';

export function reachOf(policies: readonly Policy[]): Reach {
  const enforced = policies.filter(({ reportOnly }) => !reportOnly);
  if (enforced.some((policy) => !allowsInSandbox(policy, 'allow-same-origin'))) return 'nothing';
  const speechless = (policy: Policy) =>
    !allowsInSandbox(policy, 'allow-scripts') || allowsNothing(sourcesOf(policy, CONNECT));
  return enforced.some(speechless) ? 'pixel' : 'script';
}

function allowsInSandbox({ directives }: Policy, flag: string): boolean {
  const sandbox = directives.get('sandbox');
  return sandbox === undefined || sandbox.sources.some(({ text }) => text.toLowerCase() === flag);
}

/** `hash`: our script's source expression. */
export function inlineRuleOf(policy: Policy, hash: string): InlineRule {
  return inlineRule(sourcesOf(policy, INLINE), hash);
}

/** The one nonce that most of the policies that ask for one know; null: none asks. */
export function bestNonce(policies: readonly Policy[], hash: string): string | null {
  const counts = new Map<string, number>();
  for (const policy of policies) {
    const rule = inlineRuleOf(policy, hash);
    if (rule.kind !== 'nonce') continue;
    for (const nonce of new Set(rule.nonces)) counts.set(nonce, (counts.get(nonce) ?? 0) + 1);
  }
  let best: string | null = null;
  for (const [nonce, count] of counts) {
    if (best === null || count > counts.get(best)!) best = nonce;
  }
  return best;
}

export function mayConnect(policy: Policy, own: Origin): boolean {
  return allowsOwnOrigin(sourcesOf(policy, CONNECT), own);
}

export function mayLoadImage(policy: Policy, own: Origin): boolean {
  return allowsOwnOrigin(sourcesOf(policy, IMAGE), own);
}
