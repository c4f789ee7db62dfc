/** A page with a policy in a meta: what it becomes, and when nothing of ours goes in (Chromium judges: test/e2e/policies). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parse } from 'parse5';
import { planPolicies } from '../../src/inject/csp/csp.ts';
import { ask, createTestRoom, HTML, headOf, SCRIPT, takeSnippet, visit } from './harness.ts';

const HASH = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;
const page = (head: string) =>
  `<!doctype html>\n<html lang=en><head><title>t</title>${head}</head><body><p>x</p></body></html>`;
const meta = (content: string) => `<meta http-equiv="Content-Security-Policy" content=${content}>`;

function edited(source: string, headers = HTML) {
  const room = createTestRoom();
  const { client } = visit(room, {}, { headers, chunks: [source] });
  return { room, client, taken: takeSnippet(client.body) };
}

/** What stands between two texts that are otherwise the same. */
function change(before: string, after: string): [gone: string, came: string] {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return [before.slice(start, before.length - end), after.slice(start, after.length - end)];
}

describe('in the page, nothing changes but the policy, and of that only what has to', () => {
  const rows: [name: string, content: string, came: string][] = [
    ['double quotes', `"script-src 'self'; img-src *"`, ` ${HASH}`],
    ['single quotes', `'script-src https:; img-src *'`, ` ${HASH.replaceAll("'", '&#39;')}`],
    ['references', `"script-src &#39;self&#x27; &apos;unsafe-eval&APOS;"`, ''],
    ['a reference before the place', `"default-src&#32;*; script-src &#x27;self&#x27;"`, ` ${HASH}`],
    ['line feeds and tabs', `"\n\tscript-src\n\t'self'\n"`, ` ${HASH}`],
    ['a directive of its own', `"default-src &#39;self&#39;"`, `; script-src 'self' ${HASH}`],
    [
      'signs that mean something in HTML',
      `"default-src https://a.example/?a&amp;b 'self'"`,
      `; script-src https://a.example/?a&amp;b 'self' ${HASH}`,
    ],
    ['an odd end', `"script-src 'self';;; "`, ` ${HASH}`],
  ];
  for (const [name, content, came] of rows) {
    test(name, () => {
      const source = page(meta(content));
      const { room, taken } = edited(source);
      if (came !== '') assert.deepEqual(change(source, taken!.page), ['', came]);
      assert.ok(policiesOf(taken!.page)[0]!.includes(HASH));
      assert.deepEqual(room.outcomes, ['inserted']);
    });
  }

  test('two changes in one value leave what is between them', () => {
    const source = page(
      meta(`"script-src&#32;'self'; img-src &#39;self&#39;; connect-src https://api.example"`),
    );
    assert.equal(
      edited(source).taken!.page,
      page(
        meta(
          `"script-src&#32;'self' ${HASH}; img-src &#39;self&#39;; connect-src https://api.example 'self'"`,
        ),
      ),
    );
  });

  test("'none' gives its place", () => {
    const source = page(meta(`"script-src 'none'; img-src *"`));
    assert.deepEqual(change(source, edited(source).taken!.page), ['none', HASH.slice(1, -1)]);
  });

  test('a value without quotes gets some', () => {
    const source = page(meta('script-src'));
    assert.deepEqual(policiesOf(edited(source).taken!.page), [`script-src ${HASH}`]);
  });

  test('a value that is written strangely is written anew, and says the same', () => {
    const source = page(meta(`"script-src 'self' https://a.example/&copy=1; img-src\r\n*"`));
    const [before] = policiesOf(source);
    assert.deepEqual(policiesOf(edited(source).taken!.page), [before!.replace('copy=1', `copy=1 ${HASH}`)]);
  });

  test('a byte order mark and bytes over ASCII keep every place right', () => {
    const source = `\u{feff}${page(`<!-- ünï ☃ -->${meta(`"script-src 'self'; x-ü ☃"`)}`)}`;
    const { client } = edited(source);
    const text = client.body.toString();
    assert.ok(text.includes(`"script-src 'self' ${HASH}; x-ü ☃"`), text);
    assert.ok(text.startsWith('\u{feff}<!doctype'));
  });
});

/** Of the metas of a page's head, as parse5 reads them. */
function policiesOf(text: string): string[] {
  const found: string[] = [];
  const walk = (node: unknown): void => {
    const {
      nodeName,
      attrs = [],
      childNodes = [],
    } = node as { nodeName: string; attrs?: { name: string; value: string }[]; childNodes?: unknown[] };
    if (nodeName === 'meta')
      found.push(...attrs.filter(({ name }) => name === 'content').map(({ value }) => value));
    childNodes.forEach(walk);
  };
  walk(parse(text));
  return found;
}

test('however it is written, each policy says what it said and what has to join, and its own bytes stay', () => {
  const WAYS = ['decimal', 'hex', 'plain', 'plain'] as const;
  const write = (text: string, quote: string, ways: readonly (typeof WAYS)[number][]) =>
    [...text]
      .map((char, i) => {
        const code = char.charCodeAt(0);
        const way = ways[i % ways.length];
        if (way === 'decimal') return `&#${code};`;
        if (way === 'hex' || char === quote || char === '&') return `&#x${code.toString(16)};`;
        return char;
      })
      .join('');
  const source = fc.constantFrom(
    "'self'",
    'https://a.example',
    "'none'",
    'https://b.example/?x&y',
    'data:',
    '*',
  );
  const directive = fc
    .tuple(fc.constantFrom('script-src', 'connect-src', 'img-src', 'x-y'), fc.array(source, { maxLength: 3 }))
    .map(([name, sources]) => [name, ...sources].join(' '));
  fc.assert(
    fc.property(
      fc.array(directive, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('"', "'"),
      fc.array(fc.constantFrom(...WAYS), { minLength: 1, maxLength: 9 }),
      (directives, quote, ways) => {
        const policy = directives.join('; ');
        const original = page(meta(quote + write(policy, quote, ways) + quote));
        const { room, client, taken } = edited(original);
        if (taken === null) {
          const silent = /connect-src(?: 'none')?(?:;|$)/.test(policy);
          assert.ok(silent, `${policy}: ${room.outcomes}`);
          return;
        }
        const [becomes] = policiesOf(taken.page);
        const headers = ['Content-Security-Policy', policy];
        const own = { scheme: 'https', host: 'shop.example' } as const;
        const planned = planPolicies(headers, { own, hash: HASH, mayEdit: true });
        assert.equal(becomes, planned.kind === 'script' ? (planned.lines?.[0] ?? policy) : null);
        if (becomes === policy) assert.equal(taken.page, original);
        assert.equal(client.state, 'ended');
      },
    ),
    { numRuns: 300 },
  );
});

describe('a meta that is no policy of the page changes nothing', () => {
  const strict = meta(`"default-src 'none'"`);
  const rows: [name: string, source: string][] = [
    ['in the body', page('').replace('<p>', `${strict}<p>`)],
    ['in a template', page(`<template>${strict}</template>`)],
    ['in a noscript', page(`<noscript>${strict}</noscript>`)],
    ['in a comment', page(`<!-- ${strict} -->`)],
    ['report-only', page(strict.replace('Policy"', 'Policy-Report-Only"'))],
    ['without content', page('<meta http-equiv="Content-Security-Policy">')],
    ['with nothing in it', page(meta('""'))],
    [
      'that only speaks of one',
      page(`<meta name=description content="Content-Security-Policy: default-src 'none'">`),
    ],
    [
      'of sandbox and frames, which a meta cannot say',
      page(meta(`"sandbox; frame-ancestors 'none'; report-uri /x"`)),
    ],
  ];
  for (const [name, source] of rows) {
    test(name, () => {
      const { room, taken } = edited(source);
      assert.equal(taken!.page, source);
      assert.ok(taken!.img !== null);
      assert.deepEqual(room.outcomes, ['inserted']);
    });
  }
});

describe('metas and headers hold together', () => {
  const POLICY = 'Content-Security-Policy';

  test('each is edited', () => {
    const source = page(meta(`"connect-src https://api.example"`) + meta(`"script-src 'self'"`));
    const { client, taken } = edited(source, [...HTML, POLICY, "script-src 'self'"]);
    assert.equal(client.header(POLICY), `script-src 'self' ${HASH}`);
    assert.deepEqual(policiesOf(taken!.page), [
      "connect-src https://api.example 'self'",
      `script-src 'self' ${HASH}`,
    ]);
  });

  test('a nonce that only the meta has is borne', () => {
    const source = page(meta(`"script-src 'nonce-abc'"`));
    const { taken } = edited(source);
    assert.equal(taken!.page, source);
    assert.equal(taken!.attributes.get('nonce'), 'abc');
  });

  test('a nonce of the head that the meta does not know is borne, and the meta gets the hash', () => {
    const source = page(meta(`"script-src 'self'"`));
    const { taken, client } = edited(source, [...HTML, POLICY, "script-src 'nonce-abc'"]);
    assert.equal(taken!.attributes.get('nonce'), 'abc');
    assert.equal(client.header(POLICY), "script-src 'nonce-abc'");
    assert.deepEqual(policiesOf(taken!.page), [`script-src 'self' ${HASH}`]);
  });

  test('an image that the meta forbids is left out', () => {
    const { taken } = edited(page(meta('"img-src data:"')));
    assert.equal(taken!.img, null);
  });

  test('a meta that lets nothing leave the page leaves the pixel alone, and no session', () => {
    const source = page(meta(`"connect-src 'none'"`));
    const { room, client } = edited(source);
    const body = client.body.toString();
    assert.equal(body.replace(/<img src="[^>]*px\.gif[^>]*>/, ''), source);
    assert.notEqual(body, source);
    assert.equal(room.documents[0]!.sessionId, null);
    assert.deepEqual(room.outcomes, ['inserted']);
  });

  test('a meta that forbids even that, or must not be edited, leaves the page as it came', () => {
    for (const [source, csp] of [
      [page(meta(`"default-src 'none'"`)), 'edit'],
      [page(meta(`"script-src 'self'"`)), 'respect'],
      [page(meta(`"default-src 'self', script-src 'self'"`)), 'edit'],
    ] as const) {
      const room = createTestRoom({ csp });
      const headers = [
        ...HTML,
        'ETag',
        '"a"',
        'Content-Length',
        String(source.length),
        POLICY,
        "script-src 'self' 'unsafe-inline'",
      ];
      const { client } = visit(room, {}, { headers, chunks: [source] });
      assert.equal(client.body.toString(), source);
      assert.equal(client.header('etag'), '"a"');
      assert.equal(client.header(POLICY), "script-src 'self' 'unsafe-inline'");
      assert.deepEqual(room.outcomes, ['csp-meta']);
    }
  });

  test('CSP=respect: a meta under which we may run is no reason to stay out', () => {
    const source = page(meta(`"script-src 'self' 'unsafe-inline'"`));
    const room = createTestRoom({ csp: 'respect' });
    assert.equal(takeSnippet(visit(room, {}, { chunks: [source] }).client.body)!.page, source);
  });
});

describe('a gzip page', () => {
  const GZIP = [...HTML, 'Content-Encoding', 'gzip'];
  const source = page(meta(`"script-src 'self'"`));

  test('is edited the same each time that it comes, and never spliced', () => {
    const room = createTestRoom();
    for (let times = 0; times < 3; times++) {
      const { client } = visit(room, {}, { headers: GZIP, chunks: [gzipSync(source)] });
      const taken = takeSnippet(gunzipSync(client.body))!;
      assert.equal(taken.page, page(meta(`"script-src 'self' ${HASH}"`)));
      assert.equal(client.header('content-length'), String(client.body.length));
    }
    assert.deepEqual(room.outcomes, ['recoded', 'recoded', 'recoded']);
  });

  test('is judged anew under another head', () => {
    const room = createTestRoom();
    const nonced = page(meta(`"script-src 'nonce-abc'; img-src 'none'"`));
    const outcomes = [[], ['Content-Security-Policy', "connect-src 'none'"], []].map((policy) => {
      const { client } = visit(room, {}, { headers: [...GZIP, ...policy], chunks: [gzipSync(nonced)] });
      return gunzipSync(client.body).toString() === nonced ? 'as it came' : 'edited';
    });
    assert.deepEqual(outcomes, ['edited', 'as it came', 'edited']);
    assert.deepEqual(room.outcomes, ['recoded', 'csp-meta', 'recoded']);
  });

  test('that only speaks of policies is spliced', () => {
    const room = createTestRoom();
    visit(
      room,
      {},
      { headers: GZIP, chunks: [gzipSync(page('<meta name=x content=content-security-policy>'))] },
    );
    assert.deepEqual(room.outcomes, ['spliced']);
  });
});

describe('a page that streams', () => {
  const streamed = (source: string, bufferBytes = 20) => {
    const room = createTestRoom({ bufferBytes, debugHeaders: true });
    const { client, writer } = ask(room);
    writer.head(headOf({ headers: [...HTML, 'Content-Length', String(source.length)] }));
    for (let at = 0; at < source.length; at += 7) writer.data(Buffer.from(source.slice(at, at + 7)));
    writer.end([]);
    return { room, client };
  };

  test('gets the tracker under a meta that lets it run', () => {
    const source = page(meta(`"script-src 'self' 'unsafe-inline'; img-src data:"`));
    const { room, client } = streamed(source);
    const taken = takeSnippet(client.body)!;
    assert.equal(taken.page, source);
    assert.equal(taken.img, null);
    assert.deepEqual(room.outcomes, ['inserted']);
  });

  test('gets the pixel alone where the meta would have to be edited', () => {
    const source = page(meta(`"script-src 'self'"`));
    const { room, client } = streamed(source);
    assert.equal(client.body.toString().replace(/<img src="[^>]*px\.gif[^>]*>/, ''), source);
    assert.notEqual(client.body.toString(), source);
    assert.deepEqual(room.outcomes, ['csp-meta']);
    assert.deepEqual(client.trailers, ['X-GoTrack-Outcome', 'csp-meta']);
    assert.equal(room.documents[0]!.sessionId, null);
  });

  test('passes where the meta allows not even that', () => {
    const source = page(meta(`"default-src 'none'"`));
    const { room, client } = streamed(source);
    assert.equal(client.body.toString(), source);
    assert.deepEqual(room.outcomes, ['csp-meta']);
  });

  test('passes where its head is longer than anybody remembers', () => {
    const source = page(`<style>${'x'.repeat(70_000)}</style>${meta(`"script-src 'unsafe-inline'"`)}`);
    const { room, client } = streamed(source);
    assert.equal(client.body.toString(), source);
    assert.deepEqual(room.outcomes, ['csp-meta']);
  });

  test('gets the tracker where the meta is no policy of its', () => {
    const source = page('').replace('<p>', `${meta(`"default-src 'none'"`)}<p>`);
    const { client } = streamed(source);
    const none = page(`<meta name=x content="content-security-policy">`);
    assert.equal(takeSnippet(streamed(none).client.body)!.page, none);
    assert.equal(
      client.body.toString(),
      source,
      'a doubt: what looks like a policy came when none was expected',
    );
  });
});
