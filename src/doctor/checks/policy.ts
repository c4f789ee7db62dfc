/**
 * The page's Content-Security-Policies, in headers and in `<meta>`, and what the real program makes of them. Two
 * answers are compared, so nonces, which differ each time, are shown as `'nonce-…'`.
 */
import type { Examination } from '../examination.ts';
import { isHtml, pageText } from '../page-text.ts';
import type { Answered } from '../probe.ts';
import { note, ok, type Row, skipped } from '../row.ts';
import { counted } from '../words.ts';
import { outcomeOf } from './injection.ts';

const NAME = 'policy';

export async function checkPolicy({ origin, trial }: Examination): Promise<Row[]> {
  const [before, after] = [await origin.page(), await trial.page()];
  if (!before.ok || !after.ok) return [skipped(NAME, 'the origin gave no answer')];
  if (!isHtml(before)) return [skipped(NAME, 'the page is not HTML')];
  const [old, edited] = [policiesOf(before), policiesOf(after)];
  if (old.length === 0) return [ok(NAME, 'the page has no Content-Security-Policy')];
  const classes = [...new Set(old.map(({ text }) => classOf(text)))].join('; ');
  const summary = `${counted(old.length, 'policy', 'policies')}: ${classes}`;
  if (old.length !== edited.length) {
    return [note(NAME, `${summary}; their number differed between two requests, so they are not compared`)];
  }
  const changes = old.flatMap((policy, i) => changeOf(policy, edited[i]!));
  if (changes.length > 0) return [note(NAME, `${summary}; edited so that the tracker runs:`), ...changes];
  const outcome = outcomeOf(after);
  const why = outcome === 'csp' || outcome === 'csp-meta' ? ' (see injection)' : '';
  return [ok(NAME, `${summary}; nothing is changed${why}`)];
}

type Policy = { readonly where: string; readonly text: string };

const HEADERS = ['content-security-policy', 'content-security-policy-report-only'];
/** Linear: a tag that is not closed ends at the next one. */
const META = /<meta\s[^<>]{0,8000}>/gi;
const IS_POLICY = /http-equiv\s*=\s*["']?content-security-policy/i;
const CONTENT = /\scontent\s*=\s*(?:"([^"]*)"|'([^']*)')/i;

function policiesOf(answer: Answered): Policy[] {
  const found: Policy[] = [];
  for (let i = 0; i < answer.headers.length; i += 2) {
    const name = answer.headers[i]!.toLowerCase();
    if (HEADERS.includes(name)) found.push({ where: name, text: masked(answer.headers[i + 1]!) });
  }
  for (const [tag] of (pageText(answer) ?? '').matchAll(META)) {
    const content = CONTENT.exec(tag);
    const text = content?.[1] ?? content?.[2];
    if (IS_POLICY.test(tag) && text !== undefined) found.push({ where: '<meta>', text: masked(text) });
  }
  return found;
}

const masked = (text: string) => text.replace(/'nonce-[^'\s;,]*'/gi, "'nonce-…'");

function changeOf(before: Policy, after: Policy): Row[] {
  if (before.text === after.text) return [];
  return [
    note(`${NAME} before`, `${before.where}: ${before.text}`),
    note(`${NAME} after`, `${after.where}: ${after.text}`),
  ];
}

/** By what a policy lets inline scripts run, for people; the verdict is the program's. */
function classOf(policy: string): string {
  const directives = policy
    .toLowerCase()
    .split(/[;,]/)
    .map((text) => text.trim());
  const named = (name: string) => directives.find((text) => text === name || text.startsWith(`${name} `));
  if (named('sandbox') !== undefined) return 'a sandbox';
  const rule = named('script-src-elem') ?? named('script-src') ?? named('default-src');
  if (rule === undefined) return 'says nothing about scripts';
  if (rule.includes("'nonce-")) return 'scripts by nonce';
  if (/'sha(?:256|384|512)-/.test(rule)) return 'scripts by hash';
  if (rule.includes("'strict-dynamic'")) return 'strict-dynamic without a nonce';
  if (rule.includes("'unsafe-inline'")) return 'inline scripts allowed';
  return rule.includes("'none'") ? 'no scripts' : 'scripts by host';
}
