import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { INSERTED, UNCLOSED } from './classes.ts';
import { ask, createTestRoom, HTML, headOf, PAGE, type TestRoom, takeSnippet, visit } from './harness.ts';

test('a page that arrives at once has the snippet before </body>, and an exact Content-Length', () => {
  const room = createTestRoom();
  const { client } = visit(room, {}, { headers: [...HTML, 'Content-Length', String(PAGE.length)] });
  const taken = takeSnippet(client.body)!;
  assert.equal(taken.page, PAGE);
  assert.equal(taken.at, PAGE.indexOf('</body>'));
  assert.equal(client.header('content-length'), String(client.body.length));
  assert.equal(client.state, 'ended');
  assert.deepEqual(room.outcomes, ['inserted']);
});

test('a chunked page that arrives at once gets a Content-Length too', () => {
  const { client } = visit(createTestRoom(), {}, { chunks: [PAGE.slice(0, 40), PAGE.slice(40)] });
  assert.equal(client.header('content-length'), String(client.body.length));
  assert.equal(takeSnippet(client.body)!.page, PAGE);
});

test('without </body> the snippet is appended', () => {
  const page = '<!doctype html><title>t</title><p>hello';
  const { client } = visit(createTestRoom(), {}, { chunks: [page] });
  assert.equal(takeSnippet(client.body)!.at, page.length);
});

test('text that looks like an end in a comment is not taken for one', () => {
  for (const comment of ['<!-- </body></html> -->', '<!-- x </body><!-- y -->']) {
    const page = PAGE.slice(0, PAGE.indexOf('</body>')) + comment;
    const { client } = visit(createTestRoom(), {}, { chunks: [page] });
    assert.equal(takeSnippet(client.body)!.at, page.length);
  }
});

test('no text of the page is interpreted', () => {
  const page = '<!doctype html><body><p>$& $1 $` </p><script>"$\'"</script></body>';
  const { client } = visit(createTestRoom(), {}, { chunks: [page] });
  assert.equal(takeSnippet(client.body)!.page, page);
});

test('bytes of any encoding stay what they are', () => {
  const sjis = Buffer.from(
    '3c21646f63747970652068746d6c3e3c626f64793e835c8360823c2f703e3c2f626f64793e',
    'hex',
  );
  const { client } = visit(
    createTestRoom(),
    {},
    {
      headers: ['Content-Type', 'text/html; charset=Shift_JIS'],
      chunks: [sjis],
    },
  );
  assert.equal(takeSnippet(client.body)!.page, sjis.toString('latin1'));
});

describe('pages of all classes lose nothing', () => {
  for (const [name, page] of Object.entries(INSERTED)) {
    test(`inserted: ${name}`, () => {
      const room = createTestRoom();
      const { client } = visit(room, {}, { chunks: [page] });
      assert.equal(takeSnippet(client.body)!.page, Buffer.from(page).toString('latin1'));
      assert.deepEqual(room.outcomes, ['inserted']);
    });
  }
  for (const [name, page] of Object.entries(UNCLOSED)) {
    if (page === '') continue;
    test(`unclosed: ${name}`, () => {
      const room = createTestRoom();
      const { client } = visit(room, {}, { chunks: [page], headers: [...HTML, 'ETag', '"a"'] });
      assert.equal(client.body.toString(), page);
      assert.equal(client.header('etag'), '"a"');
      assert.deepEqual(room.outcomes, ['unclosed']);
    });
  }
});

const BODY_RULES: [outcome: string, page: string | Buffer, contentType?: string][] = [
  ['charset', PAGE, 'text/html; charset=utf-16le'],
  ['charset', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(PAGE, 'utf16le')])],
  ['not-page', '{"html": "<html>"}'],
  ['not-page', '  \n '],
  ['amp', '<!doctype html><html amp><body><p>x</p></body></html>'],
  ['csp-meta', `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><p>x`],
];

describe('the rules of a body', () => {
  for (const [outcome, page, contentType = 'text/html'] of BODY_RULES) {
    test(`${outcome}: ${page.toString().slice(0, 40)}`, () => {
      const room = createTestRoom();
      const headers = ['Content-Type', contentType, 'Content-Length', String(page.length), 'ETag', '"a"'];
      const { client } = visit(room, {}, { headers, chunks: [page] });
      assert.deepEqual(client.body, Buffer.from(page));
      assert.equal(client.header('content-length'), String(page.length));
      assert.equal(client.header('etag'), '"a"');
      assert.deepEqual(room.outcomes, [outcome]);
    });
  }

  test('a fragment is a page only to a browser that shows it', () => {
    const room = createTestRoom();
    visit(room, {}, { chunks: ['<p>x</p>'] });
    visit(room, { headers: [] }, { chunks: ['<p>x</p>'] });
    assert.deepEqual(room.outcomes, ['inserted', 'not-page']);
  });
});

test('an empty page stays empty', () => {
  const room = createTestRoom();
  const { client } = visit(room, {}, { chunks: [], headers: [...HTML, 'Content-Length', '0'] });
  assert.equal(client.body.length, 0);
  assert.equal(client.header('content-length'), '0');
  assert.deepEqual(room.outcomes, ['not-page']);
});

test('a page with trailers stays chunked, and loses only digests of what it was', () => {
  const trailers = ['Server-Timing', 'db;dur=1', 'Content-Digest', 'sha-256=:x:'];
  const { client } = visit(createTestRoom(), {}, { trailers });
  assert.equal(client.header('content-length'), undefined);
  assert.deepEqual(client.trailers, ['Server-Timing', 'db;dur=1']);
  assert.equal(takeSnippet(client.body)!.page, PAGE);
});

test('an aborted page is cut, not ended', () => {
  const room = createTestRoom();
  const { client, writer } = visitUpToBody(room);
  writer.abort();
  assert.equal(client.state, 'aborted');
  assert.equal(client.body.length, 0);
  assert.deepEqual(room.outcomes, ['cut']);
});

function visitUpToBody(room: TestRoom) {
  const started = ask(room);
  started.writer.head(headOf());
  started.writer.data(Buffer.from(PAGE.slice(0, 50)));
  return started;
}
