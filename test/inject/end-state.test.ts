import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createEndState } from '../../src/inject/end-of-page/end-state.ts';
import { skipFor } from '../support/needs.ts';
import { INSERTED, UNCLOSED } from './classes.ts';
import { objection } from './oracle.ts';
import { ending, family, nested, soup } from './soup.ts';

/** Debian's python3-doc: real pages that nobody here wrote. */
const REAL_PAGES = '/usr/share/doc/python3.11/html';

function takesSnippet(...pieces: string[]): boolean {
  const endState = createEndState();
  for (const piece of pieces) endState.write(Buffer.from(piece, 'latin1'));
  return endState.takesSnippet();
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

describe('ordinary pages get the snippet, and parse5 agrees', () => {
  for (const [name, body] of Object.entries(INSERTED)) {
    test(name, () => {
      const page = latin1(body);
      assert.equal(takesSnippet(page), true);
      assert.equal(objection(page, page.length), null);
      assert.equal(objection(`${page}</body></html>`, page.length), null);
    });
  }
});

describe('a page that leaves something open gets none', () => {
  for (const [name, page] of Object.entries(UNCLOSED)) {
    test(name, () => assert.equal(takesSnippet(page), false));
  }
});

test('real pages get the snippet, and parse5 agrees', (t) => {
  if (skipFor(t, existsSync(REAL_PAGES) ? null : 'no python3-doc here')) return;
  const files = globSync('**/*.html', { cwd: REAL_PAGES }).sort();
  const sample = files.filter((_, i) => i % Math.ceil(files.length / 100) === 0);
  assert.ok(sample.length >= 60);
  for (const file of sample) {
    const page = readFileSync(join(REAL_PAGES, file), 'latin1');
    assert.equal(takesSnippet(page), true, file);
    if (page.length > 100_000) continue; // parse5 takes its time
    const at = page.lastIndexOf('</body>');
    assert.equal(objection(page, at), null, file);
  }
});

for (const [name, documents] of Object.entries({
  'all tags': soup,
  'families of tags': family,
  'elements in elements': nested,
})) {
  test(`it never says yes where parse5 disagrees: ${name}`, () => {
    let yes = 0;
    let runs = 0;
    fc.assert(
      fc.property(documents, ending, (start, end) => {
        runs++;
        if (!takesSnippet(start)) return;
        yes++;
        assert.equal(objection(start + end, start.length), null);
      }),
      { numRuns: 5000 },
    );
    assert.ok(yes > runs / 4, `only ${yes} of ${runs} documents got the snippet: nothing was tested`);
  });
}

test('it does not matter where a chunk ends', () => {
  fc.assert(
    fc.property(soup, (page) => {
      const whole = takesSnippet(page);
      assert.equal(takesSnippet(...page), whole, 'a character at a time');
      for (let at = 1; at < page.length; at++) {
        assert.equal(takesSnippet(page.slice(0, at), page.slice(at)), whole, `split at ${at}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('every page of the hand-written classes may be cut anywhere', () => {
  for (const [name, body] of Object.entries({ ...INSERTED, ...UNCLOSED })) {
    const page = latin1(body);
    if (page.length > 1000) continue;
    const whole = takesSnippet(page);
    for (let at = 1; at < page.length; at++) {
      assert.equal(takesSnippet(page.slice(0, at), page.slice(at)), whole, `${name}, at ${at}`);
    }
  }
});

describe('what a page says of itself', () => {
  const marks = (page: string, ...more: string[]) => {
    const endState = createEndState();
    for (const piece of [page, ...more]) endState.write(Buffer.from(piece, 'latin1'));
    return { amp: endState.isAmp(), policy: endState.hasMetaPolicy() };
  };

  for (const html of [
    '<html amp>',
    '<html ⚡>',
    '<html lang=en ⚡4ads>',
    '<HTML AMP LANG="en">',
    '<html amp4email>',
    '<html ⚡4email>',
    '<html amp4ads="">',
    '<html data-x="a > b" amp>',
  ]) {
    test(`${html} is AMP`, () => assert.equal(marks(latin1(`<!doctype html>${html}<head>`)).amp, true));
  }

  for (const html of [
    '<html lang=amp>',
    '<html class="amp x">',
    '<html amplify>',
    '<html>',
    '<!-- <html amp> -->',
  ]) {
    test(`${html} is not`, () => assert.equal(marks(`<!doctype html>${html}<head>`).amp, false));
  }

  for (const meta of [
    `<meta http-equiv="Content-Security-Policy" content="script-src 'self'">`,
    `<META CONTENT="default-src 'none'" HTTP-EQUIV=content-security-policy>`,
    `<meta\nhttp-equiv='CONTENT-SECURITY-POLICY'\n/>`,
    `<meta content="${'x'.repeat(20_000)}" http-equiv=content-security-policy>`,
  ]) {
    test(`${meta.slice(0, 40)}… is a policy`, () => {
      assert.equal(marks(`<!doctype html><head>${meta}`).policy, true);
      for (let at = 1; at < Math.min(meta.length, 100); at++) {
        assert.equal(marks(`<head>${meta.slice(0, at)}`, meta.slice(at)).policy, true, `split at ${at}`);
      }
    });
  }

  for (const meta of [
    '<meta charset=utf-8>',
    '<meta name=description content="all about policies">',
    '<!-- <meta http-equiv="Content-Security-Policy"> -->',
    '<script>"<meta http-equiv=Content-Security-Policy>"</script>',
    '<p>Content-Security-Policy</p>',
  ]) {
    test(`${meta} is none`, () => assert.equal(marks(`<head>${meta}`).policy, false));
  }
});

test('a byte order mark opens no body, however it is cut', () => {
  const page = '\u00ef\u00bb\u00bf<!doctype html><title>t</title>';
  for (let at = 0; at < 5; at++) assert.equal(takesSnippet(page.slice(0, at), page.slice(at)), false);
  assert.equal(takesSnippet(`${page}<p>x`), true);
});
