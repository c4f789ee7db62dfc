import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { heldFrom, placeIn } from '../../src/inject/placement.ts';

/** `|` is where the snippet goes. */
const PLACES = [
  '|',
  'text|',
  '<p>x</p>|</body></html>',
  'x|</body>',
  'x|</BODY >\n</HTML\t>\n',
  'x|</html>',
  'x|</body><!-- made by x --></html><!-- 0.1 s -->\n',
  'x</body>y|',
  'x</body>y|</body>',
  'x</body class=y>|</html>',
  'x</bodyguard>|',
  'x</body|',
  'x</body><!-- y|',
  'x|</body><!-- y --></body>',
  '"</body>";</script>|</body>',
];

describe('the place in the tail', () => {
  for (const row of PLACES) {
    test(row.replaceAll('\n', '\\n'), () => assert.equal(placeIn(row.replace('|', '')), row.indexOf('|')));
  }
});

/** `|` is from where a stream waits. */
const HELD = [
  'text|',
  'text |',
  '<p>x</p>|',
  'x|</body>',
  'x|</body>\n<!-- y',
  'x|</body></htm',
  'x|</body><!',
  'x|</bod',
  'x|</',
  'x|<',
  'x|</h',
  'x</p|',
  'x<b|',
  'x</body>y|',
  'x</body>y|</body',
  'x|</html  ',
];

describe('what waits', () => {
  for (const row of HELD) {
    test(row.replaceAll('\n', '\\n'), () => assert.equal(heldFrom(row.replace('|', '')), row.indexOf('|')));
  }

  test('what waits at any moment holds the place that the end shows', () => {
    const piece = fc.constantFrom(
      'x',
      ' ',
      '\n',
      '</body>',
      '</html>',
      '<!-- c -->',
      '<p>',
      '</bo',
      '<',
      '--',
      '>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const tail = pieces.join('');
        for (let end = 0; end <= tail.length; end++) {
          assert.ok(heldFrom(tail.slice(0, end)) <= placeIn(tail));
        }
      }),
    );
  });
});
