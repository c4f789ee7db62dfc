import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { INSERTED, UNCLOSED } from './classes.ts';
import {
  type Answer,
  ask,
  createTestRoom,
  HTML,
  headOf,
  PAGE,
  pass,
  type Request,
  type TestRoom,
  takeSnippet,
  type Visit,
  visit,
} from './harness.ts';

/** A room whose pages never wait 10 ms in vain: the test says when they have. */
function slowRoom(t: TestContext, ...given: Parameters<typeof createTestRoom>): TestRoom {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return createTestRoom(...given);
}

/** The head goes out, since 10 ms pass before the body comes. */
function openSlowly(t: TestContext, room: TestRoom, request: Request = {}, response: Answer = {}): Visit {
  const opened = ask(room, request);
  opened.writer.head(headOf(response));
  pass(t, room, 10);
  return opened;
}

function streamed(t: TestContext, room: TestRoom, chunks: readonly (string | Buffer)[]): Visit {
  const opened = openSlowly(t, room);
  for (const chunk of chunks) opened.writer.data(Buffer.from(chunk));
  opened.writer.end([]);
  return opened;
}

test('a page that is slow gets its head after 10 ms, chunked, and its text at once', (t) => {
  const room = slowRoom(t);
  const { client, writer } = ask(room);
  writer.head(headOf({ headers: [...HTML, 'Content-Length', String(PAGE.length), 'ETag', '"a"'] }));
  writer.data(Buffer.from('<!doctype html><body>'));
  pass(t, room, 9);
  assert.equal(client.gotHead, null);
  pass(t, room, 1);
  assert.equal(client.header('content-length'), undefined);
  assert.match(client.header('etag')!, /^W\/"a-gts[0-9a-f]{4}"$/);
  assert.equal(client.body.toString(), '<!doctype html><body>');
  writer.data(Buffer.from('<p>one</p>\n'));
  assert.equal(client.body.toString(), '<!doctype html><body><p>one</p>\n');
  writer.data(Buffer.from('</body>'));
  assert.equal(client.body.toString(), '<!doctype html><body><p>one</p>\n', 'the end waits');
  writer.end([]);
  const taken = takeSnippet(client.body)!;
  assert.equal(taken.page, '<!doctype html><body><p>one</p>\n</body>');
  assert.equal(taken.at, taken.page.indexOf('</body>'));
  assert.deepEqual(room.outcomes, ['inserted']);
});

describe('a page that did not say its length', () => {
  test('streams once nothing came of it for 3 ms: what was flushed wants to be seen', (t) => {
    const room = slowRoom(t);
    const { client, writer } = ask(room);
    writer.head(headOf());
    pass(t, room, 2);
    writer.data(Buffer.from('<!doctype html><body>'));
    pass(t, room, 2);
    assert.equal(client.gotHead, null);
    pass(t, room, 1);
    assert.equal(client.body.toString(), '<!doctype html><body>');
  });

  test('is edited whole where it comes without a pause, within 10 ms', (t) => {
    const room = slowRoom(t);
    const { client, writer } = ask(room);
    writer.head(headOf());
    for (const piece of ['<!doctype html>', '<body>', '<p>one</p>', '</body>']) {
      pass(t, room, 2);
      writer.data(Buffer.from(piece));
    }
    writer.end([]);
    assert.equal(client.header('content-length'), String(client.body.length));
  });

  test('streams after about 10 ms though it comes without a pause', (t) => {
    const room = slowRoom(t);
    const { client, writer } = ask(room);
    writer.head(headOf());
    writer.data(Buffer.from('<!doctype html><body>'));
    for (let ms = 0; ms < 12; ms++) {
      assert.equal(client.gotHead, null);
      pass(t, room, 1);
      writer.data(Buffer.from('x'));
    }
    assert.notEqual(client.gotHead, null);
  });
});

describe('where our own event loop was slow', () => {
  /** A turn of the loop that took so long. */
  function slowTurn(t: TestContext, { clock }: TestRoom, ms: number): void {
    clock.ms += ms;
    t.mock.timers.tick(1);
  }

  test('a page gets another turn for what lies unread in the socket', (t) => {
    const room = slowRoom(t);
    const { client, writer } = ask(room);
    writer.head(headOf({ headers: [...HTML, 'Content-Length', String(PAGE.length)] }));
    slowTurn(t, room, 50);
    writer.data(Buffer.from(PAGE.slice(0, 10)));
    slowTurn(t, room, 50);
    writer.data(Buffer.from(PAGE.slice(10)));
    writer.end([]);
    assert.equal(client.header('content-length'), String(client.body.length));
  });

  test('a page of which a turn brought nothing streams', (t) => {
    const room = slowRoom(t);
    const { client, writer } = ask(room);
    writer.head(headOf());
    writer.data(Buffer.from('<!doctype html><body>'));
    slowTurn(t, room, 50);
    assert.equal(client.gotHead, null);
    slowTurn(t, room, 50);
    assert.equal(client.body.toString(), '<!doctype html><body>');
  });

  test('a page that goes on and on gets three turns', (t) => {
    const room = slowRoom(t);
    const { client, writer } = ask(room);
    writer.head(headOf());
    writer.data(Buffer.from('<!doctype html><body>'));
    for (let turn = 0; turn < 4; turn++) {
      assert.equal(client.gotHead, null);
      slowTurn(t, room, 50);
      writer.data(Buffer.from('x'));
    }
    assert.notEqual(client.gotHead, null);
  });
});

test('a page that is announced to be large streams from its first byte', () => {
  const room = createTestRoom({ bufferBytes: 100 });
  const { client, writer } = ask(room);
  writer.head(headOf({ headers: [...HTML, 'Content-Length', '101'] }));
  assert.notEqual(client.gotHead, null);
  writer.data(Buffer.from('<!doctype html><p>x'));
  assert.equal(client.body.toString(), '<!doctype html><p>x');
});

test('a page that grows too large streams from there', () => {
  const room = createTestRoom({ bufferBytes: 100 });
  const text = 'x'.repeat(70);
  const { client } = visit(room, {}, { chunks: ['<!doctype html><p>', text, text, '</body>'] });
  assert.equal(client.header('content-length'), undefined);
  assert.equal(takeSnippet(client.body)!.page, `<!doctype html><p>${text}${text}</body>`);
});

test('never more than 256 bytes wait', (t) => {
  const { client, writer } = openSlowly(t, slowRoom(t));
  let sent = 0;
  let waited = 0;
  for (const chunk of ['<!doctype html><p>x</body><!-- ', ...'y'.repeat(400), `${'z'.repeat(5000)}</bo`]) {
    writer.data(Buffer.from(chunk));
    sent += chunk.length;
    waited = Math.max(waited, sent - client.body.length);
    assert.ok(sent - client.body.length <= 256);
  }
  assert.equal(waited, 256);
});

test('whole and streamed, a page is the same', (t) => {
  const room = slowRoom(t);
  for (const [name, page] of Object.entries({ ...INSERTED, ...UNCLOSED })) {
    const [whole, slow] = [visit(room, {}, { chunks: [page] }), streamed(t, room, [page])];
    assert.deepEqual(withoutIds(slow.client.body), withoutIds(whole.client.body), name);
  }
});

/** Tokens and ids differ from page to page. */
const withoutIds = (body: Buffer) => {
  const taken = takeSnippet(body);
  return taken === null ? body.toString('latin1') : { page: taken.page, at: taken.at };
};

const ENDS = [
  PAGE,
  `<!doctype html><body>${'<p>x</p>'.repeat(40)}</BODY><!-- a --></html><!-- ${'b'.repeat(120)} -->\n`,
  `<!doctype html><body><script>if (a < b) x("</body>")</script>${'text '.repeat(60)}<textarea></body></textarea></body>`,
  `<!doctype html><body><p>x</p></body></html><!-- ${'b'.repeat(300)} -->`,
  `<!doctype html><body>${'y'.repeat(300)}<!-- </body></html>`,
];

describe('a page may be cut anywhere in its last 300 bytes', () => {
  for (const [i, page] of ENDS.entries()) {
    test(`page ${i + 1}`, (t) => {
      const room = slowRoom(t);
      const whole = withoutIds(visit(room, {}, { chunks: [page] }).client.body);
      for (let at = Math.max(1, page.length - 300); at < page.length; at++) {
        const { client } = streamed(t, room, [page.slice(0, at), page.slice(at)]);
        assert.deepEqual(withoutIds(client.body), whole, `cut at ${at}`);
      }
    });
  }

  test('and in pieces of any size', (t) => {
    const room = slowRoom(t);
    const pages = [...ENDS, ...Object.values(INSERTED)];
    fc.assert(
      fc.property(
        fc.constantFrom(...pages),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (page, sizes) => {
          const bytes = Buffer.from(page);
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]!) {
            chunks.push(bytes.subarray(at, at + sizes[i % sizes.length]!));
          }
          const { client } = streamed(t, room, chunks);
          assert.deepEqual(
            withoutIds(client.body),
            withoutIds(visit(room, {}, { chunks: [page] }).client.body),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('a streamed page that fails a rule of the body passes byte for byte', (t) => {
  for (const [outcome, page] of [
    ['not-page', `{"a": "${'x'.repeat(2000)}</body>"}`],
    ['not-page', '[1]'],
    ['amp', '<!doctype html><html ⚡><p>x</p></body>'],
    [
      'csp-meta',
      '<!doctype html><meta http-equiv=content-security-policy content="default-src none"><p>x</body>',
    ],
    ['charset', '\0<\0!\0d'],
    ['unclosed', `<!doctype html><textarea>${'x'.repeat(2000)}`],
  ] as const) {
    t.mock.timers.reset();
    const room = slowRoom(t);
    const { client } = streamed(t, room, [page.slice(0, 1), page.slice(1)]);
    assert.equal(client.body.toString(), page);
    assert.deepEqual(room.outcomes, [outcome]);
  }
});

test('what is no page is not held back once that is known', (t) => {
  const { client, writer } = openSlowly(t, slowRoom(t));
  const data = `{"a": "${'x'.repeat(1100)}</body>`;
  writer.data(Buffer.from(data));
  assert.equal(client.body.toString(), data);
});

test('a slow client slows the origin, and a ready one lets it go on', (t) => {
  const { client, writer, resumed } = openSlowly(t, slowRoom(t));
  client.full = true;
  assert.equal(writer.data(Buffer.from('<!doctype html><p>one</p>')), false);
  assert.equal(resumed.times, 0);
  client.drain();
  assert.equal(resumed.times, 1);
  assert.equal(writer.data(Buffer.from('<p>two</p>')), true);
});

test('trailers pass, but digests; with DEBUG_HEADERS the outcome is one', (t) => {
  const room = slowRoom(t, { debugHeaders: true });
  const { client, writer } = openSlowly(t, room);
  writer.data(Buffer.from(PAGE));
  writer.end(['Repr-Digest', 'sha-256=:x:', 'Server-Timing', 'db']);
  assert.equal(client.header('x-gotrack-outcome'), undefined);
  assert.deepEqual(client.trailers, ['Server-Timing', 'db', 'X-GoTrack-Outcome', 'inserted']);
});

test('all pages that are edited whole together stay inside 64 MB; what is beyond streams', () => {
  const room = createTestRoom({ bufferBytes: 1 << 20 });
  const half = Buffer.from(`<!doctype html><p>${'x'.repeat(1 << 19)}`);
  const waiting = Array.from({ length: 200 }, () => {
    const opened = ask(room);
    opened.writer.head(headOf());
    opened.writer.data(half);
    return opened;
  });
  const gathered = waiting.filter(({ client }) => client.gotHead === null).length;
  assert.ok(gathered * half.length <= 64 << 20);
  assert.ok(gathered > 100);
  for (const { writer } of waiting) writer.end([]);
  for (const { client } of waiting) assert.equal(takeSnippet(client.body)!.page, half.toString());
  const { client } = visit(room, {}, { chunks: [half] });
  assert.notEqual(client.header('content-length'), undefined, 'their room is free again');
});

test('a page whose origin is lost in mid-body is cut', (t) => {
  const room = slowRoom(t);
  const { client, writer } = openSlowly(t, room);
  writer.data(Buffer.from('<!doctype html><p>x'));
  writer.abort();
  assert.equal(client.state, 'aborted');
  assert.equal(client.body.toString(), '<!doctype html><p>x');
  assert.deepEqual(room.outcomes, ['cut']);
});
