/** INJECT_AT=head: where in the head the script stands, held to parse5. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { INSERTED, UNCLOSED } from './classes.ts';
import { ask, createTestRoom, HTML, headOf, PAGE, pass, takeSnippet, visit } from './harness.ts';

type Node = DefaultTreeAdapterTypes.Node;

function edited(page: string) {
  const room = createTestRoom({ injectAt: 'head' });
  const { client } = visit(room, {}, { chunks: [page] });
  return { room, client, body: client.body.toString(), taken: takeSnippet(client.body) };
}

/** What the tree of an edited page is without its first script; null where that is not in the head. */
function withoutScript(text: string): string | null {
  const document = parse(text);
  const script = find(document, (node) => node.nodeName === 'script' && isOurs(node));
  if (script === undefined || script.parentNode!.nodeName !== 'head') return null;
  const siblings = script.parentNode!.childNodes;
  siblings.splice(siblings.indexOf(script), 1);
  return treeOf(document);
}

const isOurs = (node: Node) => JSON.stringify(treeOf(node)).includes('var tracker');

function find(node: Node, wanted: (node: Node) => boolean): DefaultTreeAdapterTypes.Element | undefined {
  if (wanted(node)) return node as DefaultTreeAdapterTypes.Element;
  for (const child of 'childNodes' in node ? node.childNodes : []) {
    const found = find(child, wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

const treeOf = (node: Node): string =>
  JSON.stringify(node, (key, value) => (key === 'parentNode' ? undefined : value));

describe('the tree gains one script in the head, and nothing else', () => {
  const FRAMES =
    '<!doctype html><html><head><title>t</title></head><frameset><frame src=x></frameset></html>';
  const { 'a doctype': _doctype, 'an empty page': _empty, ...open } = UNCLOSED;
  for (const [name, page] of Object.entries({ ...INSERTED, ...open, 'a page of frames': FRAMES })) {
    test(name, () => {
      const { body, room } = edited(page);
      assert.deepEqual(room.outcomes, ['inserted']);
      assert.equal(withoutScript(body), treeOf(parse(page)));
      assert.equal(takeSnippet(Buffer.from(body))!.page, Buffer.from(page).toString('latin1'));
      assert.ok(!body.includes('px.gif'), 'an img would open the body');
    });
  }
});

describe('where it stands', () => {
  const rows: [name: string, page: string, before: string][] = [
    [
      'behind the charset',
      '<!doctype html><head><title>t</title><meta charset=utf-8><script>x</script>',
      '<script>x',
    ],
    [
      'behind a charset in the old form',
      '<html><head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><link>',
      '<link>',
    ],
    [
      'at once where no charset stands',
      '<!doctype html><html><head lang=en>\n<script>x</script></head>',
      '\n<script>x',
    ],
    [
      'before the first element of a head that nobody opened',
      '<!doctype html>\n<!-- c --><title>t</title>',
      '<title>',
    ],
    ['before the body where there is no head', '<!doctype html><body class=x>', '<body'],
    ['before the text that opens the body', '<!doctype html>  \n text', 'text'],
    ['before the end tag that opens the body', '<!doctype html></body>', '</body>'],
    [
      'behind a charset that came behind the head',
      '<html><head></head><meta charset=utf-8><body>x',
      '<body>',
    ],
    [
      'behind every policy, which binds us like the page’s own scripts',
      `<head><meta charset=utf-8><script>a</script><meta http-equiv=Content-Security-Policy content="script-src 'unsafe-inline'"><script>b</script>`,
      '<script>b',
    ],
    [
      'not in what only looks like a head',
      '<!doctype html><!-- <head> --><head><title><head></title>',
      '<title>',
    ],
  ];
  for (const [name, page, before] of rows) {
    test(name, () => {
      assert.equal(edited(page).taken!.at, page.indexOf(before));
    });
  }

  test('a declaration of the encoding stays within the first 1,024 bytes', () => {
    const page = `<!doctype html><html><head><!--${'x'.repeat(900)}--><meta charset=shift_jis></head>`;
    const { body } = edited(page);
    assert.ok(body.indexOf('charset=shift_jis') < 1024);
    assert.equal(body.indexOf('<script'), body.indexOf('shift_jis>') + 'shift_jis>'.length);
  });

  test('a policy behind it is edited, and it stands behind the policy', () => {
    const page = `<head><meta charset=utf-8><meta http-equiv=content-security-policy content="script-src 'self'"></head>`;
    const { body, client } = edited(page);
    assert.match(body, /content="script-src 'self' 'sha256-[^']*'"><script data-token/);
    assert.equal(client.header('content-length'), String(client.body.length));
  });
});

test('rules of the body hold in the head too', () => {
  for (const [outcome, page] of [
    ['amp', '<!doctype html><html amp><head></head><body>'],
    ['unclosed', '<!doctype html'],
    ['unclosed', '<!doctype html><!-- a comment that nobody ends'],
    ['not-page', '{"<head>": 1}'],
    ['charset', '\0<\0h'],
    ['csp-meta', `<head><meta http-equiv=content-security-policy content="default-src 'none'"></head>`],
  ] as const) {
    const { body, room } = edited(page);
    assert.equal(body, page);
    assert.deepEqual(room.outcomes, [outcome]);
  }
});

test('a pixel that may stand alone stands at the tail', () => {
  const page = PAGE.replace(
    '<title>',
    `<meta http-equiv=content-security-policy content="connect-src 'none'"><title>`,
  );
  const { body } = edited(page);
  assert.match(body, /<p>hello<\/p>\n<img src="[^>]*px\.gif[^>]*hidden><\/body>/);
  assert.ok(!body.includes('<script'));
});

test('a gzip page is recoded each time, whatever the tail of the same bytes has become', () => {
  const room = createTestRoom({ injectAt: 'head' });
  const headers = [...HTML, 'Content-Encoding', 'gzip'];
  const silent = [...headers, 'Content-Security-Policy', "connect-src 'none'"];
  const open = gzipSync('<!doctype html><head></head><textarea>');
  for (const [body, head] of [
    [gzipSync(PAGE), silent],
    [gzipSync(PAGE), headers],
    [open, silent],
    [open, headers],
  ] as const) {
    const { client } = visit(room, {}, { headers: [...head], chunks: [body] });
    if (head === headers) assert.match(gunzipSync(client.body).toString(), /<head><script/);
  }
  assert.deepEqual(room.outcomes, ['recoded', 'recoded', 'unclosed', 'recoded']);
});

test('it is another version of the page', () => {
  const tags = (['head', 'tail'] as const).map((injectAt) =>
    visit(createTestRoom({ injectAt }), {}, { headers: [...HTML, 'ETag', '"a"'] }).client.header('etag'),
  );
  assert.notEqual(tags[0], tags[1]);
});

describe('a page that streams', () => {
  function open(t: TestContext, headers = HTML) {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const room = createTestRoom({ injectAt: 'head', debugHeaders: true });
    const opened = ask(room);
    opened.writer.head(headOf({ headers }));
    pass(t, room, 10);
    t.mock.timers.reset();
    return { ...opened, room };
  }

  test('has the script with the head, long before its end', (t) => {
    const { client, writer, room } = open(t);
    writer.data(Buffer.from('<!doctype html><head><meta charset=utf-8><title>t</title></head><body><p>'));
    assert.match(
      client.body.toString(),
      /<meta charset=utf-8><script [^>]*>var tracker.*<\/script><title>.*<p>$/,
    );
    writer.data(Buffer.from('<textarea>'));
    writer.end([]);
    assert.ok(client.body.toString().endsWith('<p><textarea>'));
    assert.deepEqual(room.outcomes, ['inserted']);
    assert.deepEqual(client.trailers, ['X-GoTrack-Outcome', 'inserted']);
  });

  test('no byte of a head waits for its end: the script then stands at the end of the head', (t) => {
    const { client, writer } = open(t);
    const start = '<!doctype html><head><meta charset=utf-8><link rel=stylesheet href=x>';
    writer.data(Buffer.from(start));
    assert.equal(client.body.toString(), start);
    writer.data(Buffer.from('<title>t</title></head><body>'));
    assert.match(client.body.toString(), /<\/title><script [^>]*>var tracker.*<\/script><\/head><body>$/);
  });

  test('wherever it is cut, the tree gains one script, in the head or at the tail', (t) => {
    const page =
      '<!doctype html><html><head><meta charset=utf-8><title>t</title></head>\n<body><p>x</p></body></html>';
    let inHead = 0;
    for (let at = 1; at < page.length; at++) {
      const { client, writer } = open(t);
      writer.data(Buffer.from(page.slice(0, at)));
      writer.data(Buffer.from(page.slice(at)));
      writer.end([]);
      assert.equal(takeSnippet(client.body)!.page, page, `cut at ${at}`);
      const tree = withoutScript(client.body.toString());
      if (tree === null) continue;
      assert.equal(tree, treeOf(parse(page)), `cut at ${at}`);
      inHead++;
    }
    assert.ok(inHead > page.length - 12, `${inHead} of ${page.length}`);
  });

  test('a policy in the head that would have to be edited keeps the script out', (t) => {
    const { client, writer, room } = open(t);
    const page = `<head><meta charset=utf-8><meta http-equiv=content-security-policy content="script-src 'self'"></head><p>x`;
    writer.data(Buffer.from(page));
    writer.end([]);
    assert.equal(client.body.toString(), page);
    assert.deepEqual(room.outcomes, ['csp-meta']);
  });

  test('a head that is longer than anybody remembers leaves the tail', (t) => {
    const { client, writer } = open(t);
    const page = `<!doctype html><head><style>${'x'.repeat(70_000)}</style></head><p>x</p></body>`;
    for (let at = 0; at < page.length; at += 10_000) writer.data(Buffer.from(page.slice(at, at + 10_000)));
    writer.end([]);
    assert.equal(takeSnippet(client.body)!.at, page.indexOf('</body>'));
  });

  test('what goes wrong after the script is in takes nothing back', async (t) => {
    const { client, writer, room } = open(t, [...HTML, 'Content-Encoding', 'gzip']);
    writer.data(gzipSync(PAGE).subarray(0, -8));
    writer.end([]);
    await client.over;
    assert.deepEqual(room.outcomes, ['recoded']);
  });

  test('a page that is cut later has it all the same', (t) => {
    const { exchange, writer, room } = open(t);
    writer.data(Buffer.from('<!doctype html><head></head><body>'));
    exchange.clientRes.emit('close');
    assert.deepEqual(room.outcomes, ['inserted']);
  });
});
