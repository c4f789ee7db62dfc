/**
 * How our snippet lives with the policies in a response's headers (proxy: "CSP"). All of them hold at once;
 * one that is only reported is edited like an enforced one, so that nobody gets reports because of us.
 *
 * Pure: header lines and what is known of the page in, edited lines and a verdict out. What is not edited
 * stays byte for byte.
 */
import type { RawHeaders } from '../../http/raw-headers.ts';
import { editPolicy } from './edit.ts';
import { bestNonce, mayLoadImage, reachOf } from './judge.ts';
import { type Policy, readPolicyLines } from './policy.ts';
import type { Origin } from './source.ts';

export type CspVerdict =
  | {
      readonly kind: 'script';
      /** The script has to bear it. */
      readonly nonce: string | null;
      /** The image may be loaded too. */
      readonly pixel: boolean;
      /** New values of the policy headers, one for each line in its order; null: all stay as they are. */
      readonly lines: readonly string[] | null;
    }
  /** The image alone: a script would not run, or could not send. Nothing is edited. */
  | { readonly kind: 'pixel' }
  | { readonly kind: 'forbidden' };

export type CspFacts = {
  /** The page's origin. */
  readonly own: Origin;
  /** Our script's source expression in a policy: `'sha256-…'`, with the quotes. */
  readonly hash: string;
  /** CSP=edit: policies may be edited. Else a page whose policies would have to be is left alone. */
  readonly mayEdit: boolean;
};

const FREE: CspVerdict = { kind: 'script', nonce: null, pixel: true, lines: null };

export function planPolicies(headers: RawHeaders, { own, hash, mayEdit }: CspFacts): CspVerdict {
  const lines = readPolicyLines(headers);
  return lines.length === 0 ? FREE : planLines(lines, { own, hash, mayEdit });
}

/** All policies that hold at once, line by line; the verdict has as many lines. */
export function planLines(lines: readonly Policy[][], { own, hash, mayEdit }: CspFacts): CspVerdict {
  const policies = lines.flat();
  const pixel = policies.every((policy) => mayLoadImage(policy, own));
  const reach = reachOf(policies);
  if (reach === 'pixel' && pixel) return { kind: 'pixel' };
  if (reach !== 'script') return { kind: 'forbidden' };
  const nonce = bestNonce(policies, hash);
  let changed = false;
  const edited = lines.map((line) => {
    const texts = line.map((policy) => editPolicy(policy, { own, hash, nonce }));
    changed ||= texts.some((text, i) => text !== line[i]!.text);
    return texts.join(',');
  });
  if (changed && !mayEdit) return { kind: 'forbidden' };
  return { kind: 'script', nonce, pixel, lines: changed ? edited : null };
}
