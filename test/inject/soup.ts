/** Tag soup for properties: documents of the shapes that tree construction treats specially. */
import fc from 'fast-check';

const COMMON =
  'p div span a b i li ul td tr table h1 h2 form button option select svg math template br img input hr';
const RARE =
  'html head body base link meta title style script noscript textarea xmp iframe noembed noframes plaintext frameset frame address article center dialog search details dl dd dt ol pre listing font nobr em code u applet marquee object caption col colgroup tbody thead tfoot th optgroup ruby rb rt rp rtc desc foreignObject mi mo mtext mglyph annotation-xml path g video picture source x-el image keygen wbr param summary fieldset main nav menu label h3 area embed strike big small tt s strong malignmark circle';
const ATTRIBUTES = [
  ' a',
  ' a=b',
  ' a="<x>"',
  " a='</p>'",
  ' a = "x"',
  ' type=hidden',
  ' a=b/',
  ' /',
  ' "',
  ' a="x"b',
  ' color=red',
  ' encoding="text/html"',
  ' =a',
  '\n',
];
const TEXTS = ['x', '  ', '\n', 'text ', '&amp;', '&#32;', '\0', 'a<', '< ', '1 < 2', '\r\n', ' \u00e4'];
const DECLARATIONS = [
  '<!-- c -->',
  '<!-->',
  '<!--->',
  '<!-- a --!>',
  '<!-',
  '<!x>',
  '<?pi?>',
  '</>',
  '</ x>',
  '<!--',
  '-->',
  '<!-- </body>',
  '<![CDATA[',
  ']]>',
  '<![CDATA[ x ]]>',
  '<!doctype html>',
];
const CLOSERS = [
  '<script><!--<script>',
  '</script>',
  '</textarea>',
  '</title>',
  '</style>',
  '</svg>',
  '</math>',
  '</table>',
  '</select>',
  '</template>',
  '</body>',
  '</html>',
];
const STARTS = [
  '<!doctype html>',
  '<!doctype html><html><head><title>t</title></head><body>',
  '<!doctype html><body>',
  '',
  '<html><body>',
  '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN"><body>',
];

const attributes = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constantFrom(...ATTRIBUTES) },
);

function soupOf(name: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  const startTag = fc
    .tuple(name, attributes, fc.integer({ min: 0, max: 11 }))
    .map(([tag, rest, slash]) => `<${tag}${rest}${slash === 0 ? '/' : ''}>`);
  const piece = fc.oneof(
    { weight: 14, arbitrary: startTag },
    { weight: 11, arbitrary: name.map((tag) => `</${tag}>`) },
    { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
    { weight: 2, arbitrary: fc.constantFrom(...DECLARATIONS) },
    { weight: 2, arbitrary: fc.constantFrom(...CLOSERS) },
  );
  return fc
    .tuple(fc.constantFrom(...STARTS), fc.array(piece, { minLength: 1, maxLength }))
    .map(([start, pieces]) => start + pieces.join(''));
}

/** Of all tags; one character is one byte. */
export const soup = soupOf(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...COMMON.split(' ')) },
    { weight: 2, arbitrary: fc.constantFrom(...RARE.split(' ')) },
  ),
  25,
);

/** Few tags that have much to do with one another, so that even short documents reach the rare rules. */
const FAMILIES = [
  'b i a p div nobr',
  'b i em a p div table td span',
  'table tr td th tbody caption colgroup col b p select',
  'template tr td table select script style b',
  'svg math foreignObject desc title mi mo p div b style script table td',
  'p li dd dt ul dl h1 h2 button form address div b',
  'ruby rb rt rtc option optgroup select p b span',
];

export const family = fc
  .constantFrom(...FAMILIES)
  .chain((names) => soupOf(fc.constantFrom(...names.split(' ')), 30));

const ELEMENTS =
  'p div span a b i em ul ol li dl dt dd h1 h2 pre code blockquote figcaption section br hr img input x-y X-Y table tr td button form select option svg math template nobr font video object ruby rt';
const END_TAGS = ['>', '>', '>', '>', '>', '>', ' >', ' x>', '/>', ''];

/** Elements in elements, as pages have them; now and then an end tag is odd, another's, or not there. */
const element: fc.Arbitrary<string> = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .record({
      name: fc.constantFrom(...ELEMENTS.split(' ')),
      rest: attributes,
      contents: fc.array(tie('content'), { maxLength: 4 }),
      end: fc.constantFrom(...END_TAGS),
      other: fc.option(fc.constantFrom('b', 'p', 'DIV', 'li'), { freq: 20 }),
    })
    .map(({ name, rest, contents, end, other }) => {
      const close = end === '' ? '' : `</${other ?? name}${end}`;
      return `<${name}${rest}>${contents.join('')}${close}`;
    }),
  content: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom('text', ' ', '\n', '&amp;', '<!-- c -->', '<script>1 < 2</script>'),
    tie('element'),
  ),
})).element;

export const nested = fc
  .tuple(fc.constantFrom(...STARTS), fc.array(element, { minLength: 1, maxLength: 6 }))
  .map(([start, elements]) => start + elements.join(''));

/** What turns a good page into a bad one. */
export const hostile = fc.oneof(
  fc.constantFrom(...TEXTS, ...DECLARATIONS, ...CLOSERS),
  fc
    .tuple(fc.constantFrom('<', '</'), fc.constantFrom(...`${COMMON} ${RARE}`.split(' ')), attributes)
    .map(([open, name, rest]) => `${open}${name}${rest}>`),
  fc.constantFrom(
    '',
    '"',
    "'",
    '<',
    '>',
    '<a href="',
    "<p title='",
    '<b',
    '</',
    ' amp ',
    '<script>/*',
    '<b><i>',
  ),
);

/** How documents end. */
export const ending = fc.constantFrom(
  '',
  '</body></html>',
  '</body>\n</html>\n',
  '</html>',
  '</body><!-- x --></html>',
);
