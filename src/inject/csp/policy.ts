/** Content security policies as text (CSP Level 3 §2.2): directives with their sources, nothing judged. */
import { isName, type RawHeaders, removeHeader } from '../../http/raw-headers.ts';

export type Directive = {
  readonly sources: readonly Source[];
  /** Offset into the policy's text behind the last source, or behind the name where there is none. */
  readonly end: number;
};

export type Source = {
  readonly text: string;
  /** Offset into the policy's text. */
  readonly at: number;
};

export type Policy = {
  /** Of a report-only policy nothing is enforced, but what it would forbid is reported. */
  readonly reportOnly: boolean;
  readonly text: string;
  /** By name in lower case; of equal names the first counts. Empty: no policy at all. */
  readonly directives: ReadonlyMap<string, Directive>;
};

/** The policies of each header line in its order: a line may hold several, parted by commas. */
export function readPolicyLines(headers: RawHeaders): Policy[][] {
  const lines: Policy[][] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const reportOnly = isName(headers[i]!, REPORT_ONLY);
    if (!reportOnly && !isName(headers[i]!, ENFORCED)) continue;
    lines.push(headers[i + 1]!.split(',').map((text) => parsePolicy(text, reportOnly)));
  }
  return lines;
}

/** In place: what `readPolicyLines` has read, line by line, is replaced. */
export function writePolicyLines(headers: RawHeaders, lines: readonly string[]): void {
  let line = 0;
  for (let i = 0; i < headers.length; i += 2) {
    if (isName(headers[i]!, REPORT_ONLY) || isName(headers[i]!, ENFORCED)) headers[i + 1] = lines[line++]!;
  }
}

/** In place. */
export function removePolicyLines(headers: RawHeaders): void {
  removeHeader(headers, ENFORCED);
  removeHeader(headers, REPORT_ONLY);
}

const ENFORCED = 'content-security-policy';
const REPORT_ONLY = 'content-security-policy-report-only';
const TOKEN = /[^\t\n\f\r ]+/g;

export function parsePolicy(text: string, reportOnly: boolean): Policy {
  const directives = new Map<string, Directive>();
  let start = 0;
  for (const segment of text.split(';')) {
    const [name, ...rest] = segment.matchAll(TOKEN);
    const lower = name?.[0].toLowerCase();
    if (lower !== undefined && !directives.has(lower)) {
      const sources = rest.map((token) => ({ text: token[0], at: start + token.index }));
      const last = rest.at(-1) ?? name!;
      directives.set(lower, { sources, end: start + last.index + last[0].length });
    }
    start += segment.length + 1;
  }
  return { reportOnly, text, directives };
}

/** The name of the first of these directives that the policy has; undefined: nothing is restricted. */
export function governing<Name extends string>(policy: Policy, names: readonly Name[]): Name | undefined {
  return names.find((name) => policy.directives.has(name));
}

/** The sources of that directive. */
export function sourcesOf(policy: Policy, names: readonly string[]): readonly string[] | undefined {
  const name = governing(policy, names);
  return name === undefined ? undefined : policy.directives.get(name)!.sources.map(({ text }) => text);
}
