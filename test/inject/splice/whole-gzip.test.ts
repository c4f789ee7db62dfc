/** Gzip pages through the room: what the visitor decodes is the page, with the snippet behind it. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, mock, test } from 'node:test';
import zlib, { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createPageKey } from '../../../src/inject/page-key.ts';
import { createTails } from '../../../src/inject/splice/ending.ts';
import { createKnownPages } from '../../../src/inject/splice/known-pages.ts';
import { createGzipEditor, type GzipPage } from '../../../src/inject/whole-gzip.ts';
import type { WholeEdit } from '../../../src/inject/whole-text.ts';
import { skipFor } from '../../support/needs.ts';
import { INSERTED } from '../classes.ts';
import { createTestRoom, HTML, PAGE, takeSnippet, visit } from '../harness.ts';
import { objection } from '../oracle.ts';
import { ending, soup } from '../soup.ts';

const GZIP = [...HTML, 'Content-Encoding', 'gzip'];
const START = '<script data-x';
const REST = '>run()</script>';
const SNIPPET = START + REST;

const page = (facts: Partial<GzipPage['facts']> = {}): GzipPage => ({
  facts: { contentType: 'text/html', shown: true, ...facts },
  place: 'tail',
  obey: () => [],
  snippet: () => Buffer.from(SNIPPET),
  snippetStart: () => Buffer.from(START),
});

const pageKey = createPageKey(Buffer.alloc(16, 7));
const newEditor = (knownPages?: ReturnType<typeof createKnownPages>) =>
  createGzipEditor(createTails(Buffer.from(REST)), pageKey, knownPages);

/** The text of the edited page without our run; null where it was not edited. */
function editedText(edit: WholeEdit): string | null {
  if (edit.kind !== 'edited') return null;
  const text = gunzipSync(edit.body).toString('latin1');
  const at = text.lastIndexOf(SNIPPET);
  assert.notEqual(at, -1);
  return text.slice(0, at) + text.slice(at + SNIPPET.length);
}

function inflated(body: Buffer): string | null {
  try {
    return gunzipSync(body).toString('latin1');
  } catch {
    return null;
  }
}

afterEach(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
});

describe('damage never becomes a wrong page', () => {
  const page200 = `<!doctype html><body>${'<p>some <b>text</b></p>'.repeat(9)}</body></html>`;
  const bodies = [{}, { level: 0 }, { strategy: 4 }].map((options) => gzipSync(page200, options));

  test('every truncation passes as it came', () => {
    for (const whole of bodies) {
      for (let bytes = 1; bytes < whole.length; bytes++) {
        const edit = newEditor()(whole.subarray(0, bytes), page());
        assert.notEqual(edit.kind, 'edited', `${bytes} bytes`);
      }
    }
  });

  test('flipped bits pass as they came, or are what zlib inflates', () => {
    const edit = newEditor();
    const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...bodies), flips, (whole, bits) => {
        const body = Buffer.from(whole);
        for (const bit of bits.map((flip) => flip % (body.length * 8))) body[bit >> 3]! ^= 1 << (bit & 7);
        const text = editedText(edit(body, page()));
        if (text !== null) assert.equal(text, inflated(body));
      }),
      { numRuns: 1000 },
    );
  });

  test('what stands behind the member, or another one, costs the splice alone', () => {
    for (const behind of [Buffer.alloc(5), Buffer.from('rubbish'), gzipSync('<!-- x -->'), gzipSync('')]) {
      const body = Buffer.concat([gzipSync(PAGE), behind]);
      const edit = newEditor()(body, page());
      if (edit.kind === 'edited') assert.equal(edit.outcome, 'recoded');
      assert.equal(editedText(edit) ?? inflated(body), inflated(body));
    }
  });
});

describe('a page that is known', () => {
  const body = gzipSync(PAGE);

  test('gets the same bytes as at first, and is not inflated again', () => {
    const edit = newEditor();
    const first = edit(body, page());
    assert.equal(first.kind === 'edited' && first.outcome, 'spliced');
    mock.method(zlib, 'gunzipSync', () => assert.fail('inflated again'));
    syncBuiltinESMExports();
    assert.deepEqual(edit(Buffer.from(body), page()), first);
  });

  test('gets its own snippet each time', () => {
    const room = createTestRoom();
    const tokens = [1, 2].map(() => {
      const { client } = visit(room, {}, { headers: GZIP, chunks: [body] });
      const taken = takeSnippet(gunzipSync(client.body))!;
      assert.equal(taken.page, PAGE);
      return taken.attributes.get('data-token');
    });
    assert.notEqual(tokens[0], tokens[1]);
    assert.deepEqual(room.outcomes, ['spliced', 'spliced']);
  });

  test('stays left alone, for the same reason', () => {
    const edit = newEditor();
    const open = gzipSync('<!doctype html><textarea>');
    for (let times = 0; times < 2; times++)
      assert.deepEqual(edit(open, page()), { kind: 'plain', outcome: 'unclosed' });
  });

  test('is judged again where something else than its bytes differs', () => {
    const edit = newEditor();
    const fragment = gzipSync('<p>x</p>');
    assert.equal(edit(fragment, page()).kind, 'edited');
    assert.deepEqual(edit(fragment, page({ shown: false })), { kind: 'plain', outcome: 'not-page' });
    const utf16 = page({ contentType: 'text/html; charset=utf-16' });
    assert.deepEqual(edit(fragment, utf16), { kind: 'plain', outcome: 'charset' });
    assert.equal(edit(fragment, page()).kind, 'edited');
  });

  test('is forgotten when there are too many', () => {
    const known = createKnownPages(20);
    const edit = newEditor(known);
    for (let at = 0; at < 200; at++) {
      assert.equal(editedText(edit(gzipSync(`${PAGE}${at}`), page())), `${PAGE}${at}`);
      assert.ok(known.size() <= 20);
    }
    assert.ok(known.size() > 0);
  });
});

describe('behind everything the snippet is in the body', () => {
  for (const [name, text] of Object.entries(INSERTED)) {
    test(name, () => {
      for (const end of ['', '</body></html>', '</body>\n</html>\n<!-- x -->\n']) {
        const edit = newEditor()(gzipSync(text + end), page());
        assert.equal(edit.kind === 'edited' && edit.outcome, 'spliced');
        assert.equal(objection(text + end, (text + end).length), null);
      }
    });
  }

  test('or it is not spliced', () => {
    const edit = newEditor();
    let spliced = 0;
    fc.assert(
      fc.property(soup, ending, (start, end) => {
        const text = start + end;
        const made = edit(gzipSync(Buffer.from(text, 'latin1')), page());
        if (made.kind !== 'edited' || made.outcome !== 'spliced') return;
        spliced++;
        assert.equal(objection(text, text.length), null);
      }),
      { numRuns: 500 },
    );
    assert.ok(spliced > 0);
  });
});

const DOCS = ['/usr/share/doc/python3.11/html', '/usr/share/doc/python3-doc/html'];
const EVERY = process.env.TEST_SIZE === 'full' ? 1 : 10;

test('pages of the Python documentation inflate to themselves and the snippet', (t) => {
  const root = DOCS.find((path) => existsSync(join(path, 'index.html'))) ?? '';
  if (skipFor(t, root === '' ? 'no Python documentation on this machine (Debian: python3-doc)' : null))
    return;
  const edit = newEditor();
  const names = globSync('**/*.html', { cwd: root }).sort();
  for (const name of names.filter((_, index) => index % EVERY === 0)) {
    const text = readFileSync(join(root, name));
    const made = edit(gzipSync(text), page());
    if (made.kind === 'streamed') {
      assert.ok(text.length > 1 << 20, name);
      continue;
    }
    assert.equal(made.kind === 'edited' && made.outcome, 'spliced', name);
    if (made.kind === 'edited')
      assert.equal(gunzipSync(made.body).toString('latin1'), text.toString('latin1') + SNIPPET);
  }
});
