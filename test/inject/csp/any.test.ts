/** Of any policies at all: edited once is edited for good, and nothing of the origin's is lost. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type CspFacts, planPolicies } from '../../../src/inject/csp/csp.ts';

const HASH = "'sha256-T3VyIHNjcmlwdA=='";
const OTHER = "'sha256-b3RoZXI='";
const FACTS: CspFacts = { own: { scheme: 'https', host: 'shop.example' }, hash: HASH, mayEdit: true };
const ENFORCED = 'Content-Security-Policy';
const REPORTED = 'content-security-policy-report-only';

describe('any policies', () => {
  const space = fc.constantFrom(' ', '  ', '\t', ' \t');
  const source = fc.constantFrom(
    ...["'none'", "'NONE'", "'self'", "'unsafe-inline'", "'strict-dynamic'", "'nonce-a'", "'nonce-b'"],
    ...[
      OTHER,
      HASH,
      "'report-sample'",
      'https:',
      '*',
      'data:',
      'shop.example',
      'https://a.example/x',
      '\u00e9',
    ],
  );
  const name = fc.constantFrom(
    ...[
      'default-src',
      'script-src',
      'Script-Src',
      'script-src-elem',
      'connect-src',
      'CONNECT-SRC',
      'img-src',
    ],
    ...['x-unknown', 'report-uri', 'sandbox', ''],
  );
  const directive = fc
    .tuple(fc.option(space, { nil: '' }), name, fc.array(fc.tuple(space, source), { maxLength: 4 }), space)
    .map(([before, own, sources, behind]) => before + own + sources.flat().join('') + behind);
  const policy = fc.array(directive, { maxLength: 5 }).map((all) => all.join(';'));
  const line = fc.tuple(
    fc.constantFrom(ENFORCED, REPORTED),
    fc.array(policy, { minLength: 1, maxLength: 3 }).map((all) => all.join(',')),
  );
  const headers = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.flat());

  const textsOf = (lines: string[]) => lines.filter((_, i) => i % 2 === 1);
  const edit = (lines: string[]) => {
    const verdict = planPolicies(lines, FACTS);
    const texts = verdict.kind === 'script' ? (verdict.lines ?? textsOf(lines)) : textsOf(lines);
    return { verdict, headers: lines.map((text, i) => (i % 2 === 0 ? text : texts[(i - 1) / 2]!)) };
  };

  test('that were edited need no edit', () => {
    fc.assert(
      fc.property(headers, (lines) => {
        const once = edit(lines);
        const twice = edit(once.headers);
        assert.deepEqual(twice.headers, once.headers);
        if (once.verdict.kind !== 'script') assert.deepEqual(twice.verdict, once.verdict);
        else assert.deepEqual(twice.verdict, { ...once.verdict, lines: null });
      }),
      { numRuns: 3000 },
    );
  });

  test('are the origin’s bytes again when what we added is taken out', () => {
    fc.assert(
      fc.property(headers, (lines) => {
        const edited = edit(lines).headers.map((text) => text.split(','));
        for (const [i, before] of lines.map((text) => text.split(',')).entries()) {
          assert.equal(edited[i]!.length, before.length);
          for (const [k, text] of before.entries()) takeOut(edited[i]![k]!, text);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

const OURS = [HASH, "'self'"];
const COPY = /^ (?:script-src .*'sha256-T3VyIHNjcmlwdA=='|connect-src .*'self')$/;

/** Takes what we may have added out of one policy, and fails where that leaves anything but `before`. */
function takeOut(edited: string, before: string): void {
  const end = before.trimEnd().endsWith(';') ? ';' : '';
  let text = edited.trimEnd();
  for (let extra = directivesIn(edited) - directivesIn(before); extra > 0; extra--) {
    const at = text.lastIndexOf(';');
    assert.match(text.slice(at + 1), COPY);
    text = text.slice(0, at) + (extra === 1 ? end : '');
  }
  const spaces = edited.slice(edited.trimEnd().length);
  assert.equal(withoutSources(tokensOf(text + spaces), tokensOf(before)), before);
}

const tokensOf = (text: string) => text.match(/[\t ]+|;|[^\t ;]+/g) ?? [];
const directivesIn = (text: string) => text.split(';').filter((one) => one.trim() !== '').length;

function withoutSources(edited: string[], before: string[]): string {
  const kept: string[] = [];
  for (let i = 0; i < edited.length; i++) {
    const was = before.slice(kept.length, kept.length + 2);
    const isNone = /^'none'$/i.test(was[1] ?? '');
    if (edited[i] === ' ' && OURS.includes(edited[i + 1]!) && edited[i + 1] !== was[1] && !isNone) i++;
    else if (OURS.includes(edited[i]!) && /^'none'$/i.test(was[0] ?? '')) kept.push(was[0]!);
    else kept.push(edited[i]!);
  }
  return kept.join('');
}
