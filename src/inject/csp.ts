/**
 * What the policies in a response's headers let our snippet do (proxy: "CSP"). All of them hold at once;
 * one that is only reported counts like an enforced one, so that nobody gets reports because of us.
 *
 * This judges and changes nothing. An edit of a policy (our hash, `'self'`) is a function from policies to
 * policies, and what it returns is judged here like any other.
 */
import type { RawHeaders } from '../http/raw-headers.ts';
import { type Policy, readPolicies, sourcesOf } from './csp-policy.ts';
import { allowsOwnOrigin, inlineRule, type Origin } from './csp-source.ts';

export type CspVerdict =
  | {
      readonly kind: 'runs';
      /** The script has to bear it. */
      readonly nonce: string | null;
      /** The image may be loaded. */
      readonly pixel: boolean;
    }
  | { readonly kind: 'forbidden' };

export type OurScript = {
  /** Its source expression in a policy: `'sha256-…'`, with the quotes. */
  readonly hash: string;
};

const FREE: CspVerdict = { kind: 'runs', nonce: null, pixel: true };

export function judgeHeaders(headers: RawHeaders, own: Origin, script: OurScript): CspVerdict {
  const policies = readPolicies(headers);
  return policies.length === 0 ? FREE : judge(policies, own, script);
}

export function judge(policies: readonly Policy[], own: Origin, script: OurScript): CspVerdict {
  if (policies.some((policy) => isSandboxed(policy) || !mayConnect(policy, own)))
    return { kind: 'forbidden' };
  const nonce = nonceFor(policies, script);
  if (nonce === undefined) return { kind: 'forbidden' };
  return { kind: 'runs', nonce, pixel: policies.every((policy) => mayLoadImage(policy, own)) };
}

/** The one nonce that all policies that ask for one agree on; null: none asks; undefined: the script may not run. */
function nonceFor(policies: readonly Policy[], { hash }: OurScript): string | null | undefined {
  let common: readonly string[] | null = null;
  for (const policy of policies) {
    const rule = inlineRule(sourcesOf(policy, 'script-src-elem', 'script-src', 'default-src'), hash);
    if (rule.kind === 'forbidden') return undefined;
    if (rule.kind !== 'nonce') continue;
    common = common === null ? rule.nonces : common.filter((nonce) => rule.nonces.includes(nonce));
  }
  return common === null ? null : common[0];
}

/** A report-only sandbox does nothing (CSP Level 3 §6.3.2). Without the origin or scripts we could do nothing. */
function isSandboxed({ directives, reportOnly }: Policy): boolean {
  const flags = directives.get('sandbox')?.map((flag) => flag.toLowerCase());
  if (flags === undefined || reportOnly) return false;
  return !flags.includes('allow-scripts') || !flags.includes('allow-same-origin');
}

function mayConnect(policy: Policy, own: Origin): boolean {
  return allowsOwnOrigin(sourcesOf(policy, 'connect-src', 'default-src'), own);
}

function mayLoadImage(policy: Policy, own: Origin): boolean {
  return allowsOwnOrigin(sourcesOf(policy, 'img-src', 'default-src'), own);
}
