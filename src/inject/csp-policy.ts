/** Content security policies as text (CSP Level 3 §2.2): directives with their sources, nothing judged. */
import { isName, type RawHeaders } from '../http/raw-headers.ts';

export type Policy = {
  /** Of a report-only policy nothing is enforced, but what it would forbid is reported. */
  readonly reportOnly: boolean;
  /** By name in lower case; of equal names the first counts. */
  readonly directives: ReadonlyMap<string, readonly string[]>;
};

/** Every policy of a response in its order: each line may hold several, parted by commas. */
export function readPolicies(headers: RawHeaders): Policy[] {
  const policies: Policy[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const enforced = isName(headers[i]!, 'content-security-policy');
    if (!enforced && !isName(headers[i]!, 'content-security-policy-report-only')) continue;
    for (const text of headers[i + 1]!.split(',')) {
      const directives = parseDirectives(text);
      if (directives.size > 0) policies.push({ reportOnly: !enforced, directives });
    }
  }
  return policies;
}

function parseDirectives(policy: string): Map<string, readonly string[]> {
  const directives = new Map<string, readonly string[]>();
  for (const text of policy.split(';')) {
    const [name = '', ...sources] = text.split(/[\t\n\f\r ]+/).filter((token) => token !== '');
    const lower = name.toLowerCase();
    if (lower !== '' && !directives.has(lower)) directives.set(lower, sources);
  }
  return directives;
}

/** The sources of the first of these directives that the policy has; undefined: nothing is restricted. */
export function sourcesOf(policy: Policy, ...names: string[]): readonly string[] | undefined {
  for (const name of names) {
    const sources = policy.directives.get(name);
    if (sources !== undefined) return sources;
  }
  return undefined;
}
