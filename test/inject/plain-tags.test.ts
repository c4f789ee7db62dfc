import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createEndState } from '../../src/inject/end-of-page/end-state.ts';
import { Tokenizer } from '../../src/inject/end-of-page/tokenizer.ts';
import { Tree } from '../../src/inject/end-of-page/tree.ts';
import { skipFor } from '../support/needs.ts';
import { INSERTED, UNCLOSED } from './classes.ts';
import { objection } from './oracle.ts';
import { ending, family, hostile, nested, soup } from './soup.ts';

/** Debian's documentation: Sphinx, DocBook, pandoc and hand-written pages. */
const FOLDERS = ['python3.11/html', 'libxslt1-dev', 'nodejs', 'valgrind', 'libffi8'].map((name) =>
  join('/usr/share/doc', name),
);

type Said = { takesSnippet: boolean; amp: boolean; policy: boolean };

function say(...pieces: Buffer[]): Said {
  const endState = createEndState();
  for (const piece of pieces) endState.write(piece);
  return {
    takesSnippet: endState.takesSnippet(),
    amp: endState.isAmp(),
    policy: endState.hasMetaPolicy(),
  };
}

/** The same without the fast lane: every tag by the tokenizer. */
function sayByTokenizer(page: string): Said {
  const tree = new Tree();
  const tokenizer = new Tokenizer(tree);
  for (let i = 0; i < page.length && !tree.doubt; ) i += tokenizer.read(page.slice(i));
  return {
    takesSnippet: tokenizer.inData() && tree.takesSnippet(),
    amp: tokenizer.amp,
    policy: tokenizer.metaPolicy,
  };
}

const bytesOf = (page: string) => Buffer.from(page, 'latin1');

/** Names, attributes and ends of tags as nobody should write them. */
const oddTag = fc
  .array(
    fc.constantFrom(
      ...[
        '<',
        '</',
        '>',
        '/>',
        '/',
        ' ',
        '=',
        '"',
        "'",
        '"x"',
        "'>'",
        'a',
        'p',
        'B',
        'svg',
        'h1',
        'script',
        'html',
      ],
      ...[
        '<p',
        '</p',
        '<a href=',
        ' amp',
        '<meta ',
        '\0',
        '\u00e9',
        '\t',
        '\n',
        'abcdefghijklm',
        '0',
        '&',
        '<!--',
      ],
      ...[
        '-->',
        '<b>x</b>',
        '<span>',
        '</span>',
        '<p>t</p>',
        '<x-y>',
        '</X-Y>',
        '<font color=a/b>',
        '<path d=x/>',
      ],
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((pieces) => `<!doctype html><body>${pieces.join('')}`);

describe('the fast lane says what the tokenizer says', () => {
  for (const [name, documents] of Object.entries({ soup, family, nested, 'odd tags': oddTag })) {
    test(name, () => {
      fc.assert(
        fc.property(documents, fc.nat(), (page, cut) => {
          const said = sayByTokenizer(page);
          assert.deepEqual(say(bytesOf(page)), said);
          const at = cut % (page.length + 1);
          assert.deepEqual(say(bytesOf(page.slice(0, at)), bytesOf(page.slice(at))), said, `cut at ${at}`);
        }),
        { numRuns: 3000 },
      );
    });
  }

  test('every attribute of five characters that count', () => {
    let rests = [''];
    for (let length = 0; length < 5; length++) {
      rests = rests.flatMap((rest) => [' ', '/', '=', '"', "'", 'a', '>'].map((next) => rest + next));
    }
    rests.push(' a=""="', ' a=""="/', " a=''='");
    // Whether the tag is over, and whether it closed itself.
    for (const tag of ['<b', '<svg']) {
      for (const rest of rests) {
        const page = `<!doctype html><body>${tag}${rest}>`;
        assert.equal(say(bytesOf(page)).takesSnippet, sayByTokenizer(page).takesSnippet, page);
      }
    }
  });

  test('in a page longer than what is read at once, wherever that ends', () => {
    const WINDOW_BYTES = 65_536;
    const place = fc.record({ windows: fc.integer({ min: 1, max: 2 }), before: fc.nat(300) });
    fc.assert(
      fc.property(nested, oddTag, place, (first, second, { windows, before }) => {
        const start = `${first}<p title="x">`;
        const length = windows * WINDOW_BYTES - before - start.length;
        const page = start + '<i>text</i> '.repeat(Math.max(0, length / 12)) + second;
        assert.deepEqual(say(bytesOf(page)), sayByTokenizer(page));
      }),
      { numRuns: 300 },
    );
    const long = `<!doctype html><body><p title="${'x'.repeat(3 * WINDOW_BYTES)}">`;
    assert.deepEqual(say(bytesOf(long)), sayByTokenizer(long));
    assert.equal(say(bytesOf(long.slice(0, -2))).takesSnippet, false);
  });

  test('the hand-written classes', () => {
    for (const [name, body] of Object.entries({ ...INSERTED, ...UNCLOSED })) {
      const bytes = Buffer.from(body);
      assert.deepEqual(say(bytes), sayByTokenizer(bytes.toString('latin1')), name);
    }
  });
});

function realPages(maxBytes: number): string[] {
  const files = FOLDERS.flatMap((folder) =>
    globSync('**/*.html', { cwd: folder }).map((name) => join(folder, name)),
  );
  return files.map((file) => readFileSync(file, 'latin1')).filter(({ length }) => length < maxBytes);
}

test('real pages with a hostile piece, or a piece cut out: never a yes where parse5 disagrees', (t) => {
  const pages = realPages(12_000);
  if (skipFor(t, pages.length > 0 ? null : 'no documentation in HTML here')) return;
  let yes = 0;
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.record({
        page: fc.constantFrom(...pages),
        from: place,
        length: fc.nat(60),
        piece: hostile,
        end: ending,
      }),
      ({ page, from, length, piece, end }) => {
        const at = Math.floor(from * page.length);
        const whole = page.slice(0, at) + piece + page.slice(at + length);
        const start = whole.slice(0, whole.toLowerCase().lastIndexOf('</body>'));
        const said = say(bytesOf(start));
        assert.deepEqual(said, sayByTokenizer(start));
        if (!said.takesSnippet) return;
        yes++;
        assert.equal(objection(start + end, start.length), null);
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(yes > 40, `only ${yes} pages got the snippet`);
});

describe('a megabyte that means harm takes no longer than its length', () => {
  const PIECES = [
    ...[
      '<',
      '<a',
      '<a ',
      '<a b',
      '<a "',
      "<a b='",
      '<a b=c',
      '</',
      '</a ',
      '<!',
      '<!-',
      '<!--',
      '<!-- -',
      '<?',
      '&',
    ],
    ...[
      '<b>',
      '<b></p>',
      '<a><p>',
      '<table>',
      '<table><b>',
      '<svg>',
      '<p><b></p>',
      '<select>',
      '<!><',
      '<html ',
      '<meta ',
    ],
    ...[
      '<script>',
      '<script><!--',
      '<textarea></',
      '<b><i></b></i>',
      'a=b/',
      '"\'',
      '\0<',
      '<x-y>',
      '\n',
      '<template>',
    ],
  ];
  const bytes = 1 << 20;
  const cost = (page: Buffer) => {
    const { user } = process.cpuUsage();
    say(page);
    return process.cpuUsage().user - user;
  };

  for (const piece of PIECES) {
    test(JSON.stringify(piece), () => {
      const page = bytesOf(`<!doctype html><body>${piece.repeat(bytes / piece.length)}`);
      // Quadratic would be a thousand times this: a lazy bound is enough.
      assert.ok(cost(page) < 2_000_000);
      assert.ok(cost(Buffer.concat([bytesOf('<a b="'), page])) < 2_000_000);
    });
  }
});
