import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RawHeaders } from '../../src/http/raw-headers.ts';
import { answer, ask, createTestRoom, HTML, NAVIGATION, PAGE, visit } from './harness.ts';

const FETCH: RawHeaders = ['Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty'];
const PRIVATE = [...HTML, 'Cache-Control', 'private'];

/** The version of the snippet, as an ETag tells it. */
function versionOf(room = createTestRoom()): string {
  const { client } = visit(room, {}, { headers: [...HTML, 'ETag', '"a"'] });
  return /^W\/"a-gts([0-9a-f]{4})"$/.exec(client.header('etag')!)![1]!;
}

describe('a response that is not HTML', () => {
  test('passes byte for byte, with its head as it was', () => {
    const room = createTestRoom();
    const headers = [
      'Content-Type',
      'application/json',
      'ETag',
      '"a"',
      'Content-Length',
      '2',
      'Accept-Ranges',
      'bytes',
    ];
    const { client } = visit(room, {}, { headers, chunks: ['{', '}'] });
    assert.deepEqual(client.gotHead!.headers, headers);
    assert.deepEqual(client.chunks.map(String), ['{', '}']);
    assert.deepEqual(room.outcomes, ['type']);
    assert.deepEqual(room.documents, []);
  });

  test('passes its trailers, its back-pressure and its abort on', () => {
    const opened = ask(createTestRoom(), { headers: FETCH });
    opened.writer.head({ status: 200, reason: 'OK', headers: ['Content-Type', 'image/png'] });
    opened.client.full = true;
    assert.equal(opened.writer.data(Buffer.from('x')), false);
    opened.client.drain();
    assert.equal(opened.resumed.times, 1);
    opened.writer.end(['A', 'b']);
    assert.deepEqual(opened.client.trailers, ['A', 'b']);
    const cut = ask(createTestRoom());
    cut.writer.abort();
    assert.equal(cut.client.state, 'aborted');
  });

  test('needs no listener and no timer', () => {
    const opened = ask(createTestRoom());
    opened.writer.head({ status: 200, reason: 'OK', headers: ['Content-Type', 'image/png'] });
    assert.equal(opened.exchange.clientRes.listenerCount('close'), 0);
  });
});

describe('what the origin is asked for', () => {
  test('a navigation asks for gzip, where the header stood', () => {
    const { originHeaders } = ask(createTestRoom());
    assert.deepEqual(originHeaders.slice(0, 2), ['Accept-Encoding', 'gzip']);
  });

  test('anything else keeps what the client said', () => {
    const headers = [...FETCH, 'Accept-Encoding', 'br', 'If-None-Match', `W/"a-gts${versionOf()}"`];
    assert.deepEqual(ask(createTestRoom(), { headers }).originHeaders, headers);
  });

  test('so does everything with TRACKING=off', () => {
    const { originHeaders } = ask(createTestRoom({ tracking: false }));
    assert.deepEqual(originHeaders, NAVIGATION);
  });
});

describe('the head of an edited page', () => {
  test('is of another representation', () => {
    const headers = [
      ...PRIVATE,
      'ETag',
      'W/"a"',
      'Accept-Ranges',
      'bytes',
      'Content-MD5',
      'x',
      'Digest',
      'x',
      'Content-Digest',
      'x',
      'Repr-Digest',
      'x',
      'X-Other',
      'y',
    ];
    const { client } = visit(createTestRoom(), {}, { headers });
    assert.deepEqual(client.gotHead!.headers, [
      ...PRIVATE,
      'ETag',
      `W/"a-gtw${versionOf()}"`,
      'Accept-Ranges',
      'none',
      'X-Other',
      'y',
      'Content-Length',
      String(client.body.length),
    ]);
  });

  test('loses a tag that cannot be marked', () => {
    const { client } = visit(createTestRoom(), {}, { headers: [...HTML, 'ETag', 'unquoted'] });
    assert.equal(client.header('etag'), undefined);
  });

  test('goes to HEAD as to GET, but for Content-Length', () => {
    const room = createTestRoom();
    const headers = [...HTML, 'Content-Length', '85', 'Content-MD5', 'x'];
    const get = visit(room, {}, { headers }).client;
    const head = visit(room, { method: 'HEAD' }, { headers, chunks: [] }).client;
    const names = get.gotHead!.headers.filter((_, i, all) => all[i - (i % 2)] !== 'Content-Length');
    assert.deepEqual(head.gotHead!.headers, names);
    assert.equal(head.body.length, 0);
    assert.deepEqual(room.outcomes, ['inserted', 'not-navigation']);
    assert.equal(room.documents.length, 1);
  });
});

describe('a page that the client has', () => {
  const version = versionOf();

  test('is asked for by the origin’s own tag, and the 304 gets the suffix back', () => {
    const room = createTestRoom();
    const headers = [...NAVIGATION, 'If-None-Match', `W/"a-gts${version}"`];
    const opened = ask(room, { headers });
    assert.deepEqual(opened.originHeaders.slice(-2), ['If-None-Match', '"a"']);
    answer(opened, {
      status: 304,
      headers: ['ETag', '"a"', 'Content-Security-Policy', 'x', 'content-security-policy-report-only', 'y'],
      chunks: [],
    });
    assert.deepEqual(opened.client.gotHead!.headers, [
      'ETag',
      `W/"a-gts${version}"`,
      'Vary',
      'Sec-Fetch-Mode, Sec-Fetch-Dest',
    ]);
    assert.deepEqual(room.outcomes, ['status']);
    assert.deepEqual(room.documents, []);
  });

  test('with an older snippet cannot match', () => {
    const headers = [...NAVIGATION, 'If-None-Match', 'W/"a-gts0000"'];
    const opened = ask(createTestRoom(), { headers });
    assert.deepEqual(opened.originHeaders.slice(-2), ['If-None-Match', 'W/"a-gts0000"']);
  });

  test('a 304 for a tag that is not ours keeps it', () => {
    const opened = ask(createTestRoom(), { headers: [...NAVIGATION, 'If-None-Match', '"a"'] });
    answer(opened, { status: 304, headers: ['ETag', '"a"'], chunks: [] });
    assert.deepEqual(opened.client.gotHead!.headers, ['ETag', '"a"']);
  });

  test('a 304 for something else keeps its policy', () => {
    const opened = ask(createTestRoom(), { headers: FETCH });
    answer(opened, { status: 304, headers: ['Content-Security-Policy', 'x'], chunks: [] });
    assert.deepEqual(opened.client.gotHead!.headers, ['Content-Security-Policy', 'x']);
  });

  test('another script is another version', () => {
    assert.notEqual(versionOf(createTestRoom({ trackHash: true })), version);
    assert.equal(versionOf(createTestRoom()), version);
  });
});

describe('Vary', () => {
  const rows: [name: string, headers: RawHeaders, vary: string | undefined][] = [
    ['HTML', HTML, 'Sec-Fetch-Mode, Sec-Fetch-Dest'],
    [
      'what is there already',
      [...HTML, 'Vary', 'Accept-Encoding'],
      'Accept-Encoding, Sec-Fetch-Mode, Sec-Fetch-Dest',
    ],
    ['half of it', [...HTML, 'vary', 'sec-fetch-dest'], 'sec-fetch-dest, Sec-Fetch-Mode'],
    ['a star', [...HTML, 'Vary', '*'], '*'],
    ['private', PRIVATE, undefined],
    ['no-store', [...HTML, 'Cache-Control', 'no-store'], undefined],
    ['what is no HTML', ['Content-Type', 'text/css'], undefined],
  ];
  for (const [name, headers, vary] of rows) {
    test(`${name}: ${vary}`, () => {
      assert.equal(visit(createTestRoom(), {}, { headers }).client.header('vary'), vary);
    });
  }

  test('stands on a page that is not injected too', () => {
    const { client } = visit(createTestRoom(), { headers: FETCH }, {});
    assert.equal(client.header('vary'), 'Sec-Fetch-Mode, Sec-Fetch-Dest');
  });

  test('not with VARY=off or TRACKING=off', () => {
    assert.equal(visit(createTestRoom({ vary: false })).client.header('vary'), undefined);
    assert.equal(visit(createTestRoom({ tracking: false })).client.header('vary'), undefined);
  });
});

describe('headers of our own', () => {
  test('X-GoTrack-Inject goes no further, whatever the response is', () => {
    for (const type of ['text/html', 'image/png']) {
      for (const headers of [NAVIGATION, FETCH]) {
        const { client } = visit(
          createTestRoom(),
          { headers },
          { headers: ['X-GoTrack-Inject', 'off', 'Content-Type', type] },
        );
        assert.equal(client.header('x-gotrack-inject'), undefined);
        assert.equal(client.body.toString(), PAGE);
      }
    }
  });

  test('X-GoTrack-Outcome says what was done, with DEBUG_HEADERS only', () => {
    const room = createTestRoom({ debugHeaders: true });
    const outcomes = [
      visit(room),
      visit(room, { headers: FETCH }),
      visit(room, {}, { headers: ['Content-Type', 'image/png'] }),
      visit(room, {}, { chunks: ['<!doctype html><textarea>'] }),
      visit(room, {}, { headers: [...HTML, 'Content-Security-Policy', 'sandbox'] }),
    ].map(({ client }) => client.header('x-gotrack-outcome'));
    assert.deepEqual(outcomes, ['inserted', 'not-navigation', 'type', 'unclosed', 'csp']);
    assert.deepEqual(room.outcomes, outcomes);
    assert.equal(visit(createTestRoom()).client.header('x-gotrack-outcome'), undefined);
  });
});
