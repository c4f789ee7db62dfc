import assert from 'node:assert/strict';
import { createHash, createHmac, randomUUIDv7 } from 'node:crypto';
import { describe, test } from 'node:test';
import { parseHmacHeader, type SignedHeader } from '../../src/token/hmac-header.ts';
import { deriveSecret, type HmacSecret } from '../../src/token/key-ring.ts';
import { type ClientToken, createTokens } from '../../src/token/tokens.ts';

const SECRET = 'a secret of the tests, 32 characters at least';
const OTHER = 'another secret of the tests, just as long as it';
const NOW = Date.UTC(2026, 10, 21);
const IP = '203.0.113.42';
const DOCUMENT = '01939d5e-7f00-7abc-8def-0123456789ab';

function rig(secrets: HmacSecret[] = [{ kid: '0', secret: SECRET }], ttlSeconds = 3_600) {
  const clock = { time: NOW, now: () => clock.time };
  return { clock, tokens: createTokens({ secrets, ttlSeconds }, { clock, uuidV7: randomUUIDv7 }) };
}

function read(tokens: ReturnType<typeof rig>['tokens'], text: string): ClientToken {
  const reading = tokens.read(text);
  assert.ok(reading.ok);
  return reading.token;
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** Written from the protocol. */
function signed(key: string, path: string, body: string): SignedHeader {
  const hash = createHash('sha256').update(body).digest('hex');
  const s = hmac(Buffer.from(key, 'base64url'), `GT1\nPOST\n${path}\n${NOW}\n7\n${hash}`).toString('hex');
  const header = parseHmacHeader(`v1;tok=${'A'.repeat(46)};t=${NOW};n=7;s=${s}`);
  assert.ok(header.scheme === 'v1');
  return header;
}

describe('tokens', () => {
  test('a page token bears the document id, a hello token another each time', () => {
    const { tokens } = rig();
    const page = read(tokens, tokens.mintPage(IP, DOCUMENT).token);
    assert.deepEqual([page.kind, page.tid, page.kid, page.issuedAt], ['page', DOCUMENT, '0', NOW]);
    const one = read(tokens, tokens.mintHello(IP).token);
    const two = read(tokens, tokens.mintHello(IP).token);
    assert.equal(one.kind, 'hello');
    assert.notEqual(one.tid, two.tid);
  });

  test('key and ip tag are those of the protocol', () => {
    const { tokens } = rig();
    const issued = tokens.mintPage(IP, DOCUMENT);
    assert.equal(issued.key, hmac(SECRET, `gt1-key:${issued.token}`).toString('base64url'));
    assert.equal(read(tokens, issued.token).ipTag, hmac(SECRET, `gt1-ip:${IP}`).toString('hex', 0, 8));
    assert.deepEqual([issued.now, issued.ttl], [NOW, 3_600]);
  });

  test('a signature made by the protocol verifies, again and again', () => {
    const { tokens } = rig();
    const issued = tokens.mintPage(IP, DOCUMENT);
    const token = read(tokens, issued.token);
    const header = signed(issued.key, '/p?a=1', '{}');
    for (let i = 0; i < 3; i++) {
      assert.equal(tokens.verify(token, { header, path: '/p?a=1', body: Buffer.from('{}') }), true);
    }
    assert.equal(tokens.verify(token, { header, path: '/p?a=2', body: Buffer.from('{}') }), false);
    assert.equal(tokens.verify(token, { header, path: '/p?a=1', body: Buffer.from('{ }') }), false);
    for (const change of [{ t: '1' }, { n: '8' }, { signature: '0'.repeat(64) }]) {
      const altered = { ...header, ...change };
      assert.equal(tokens.verify(token, { header: altered, path: '/p?a=1', body: Buffer.from('{}') }), false);
    }
  });

  test('a token that somebody made up has a key that he does not know', () => {
    const { tokens } = rig();
    const mine = tokens.mintPage(IP, DOCUMENT);
    const bytes = Buffer.from(mine.token, 'base64url');
    bytes[20] = bytes[20]! ^ 1; // another document's id
    const forged = read(tokens, bytes.toString('base64url'));
    assert.notEqual(forged.tid, DOCUMENT);
    assert.equal(
      tokens.verify(forged, { header: signed(mine.key, '/', ''), path: '/', body: Buffer.alloc(0) }),
      false,
    );
  });

  test('is bound to the address it was issued to', () => {
    const { tokens } = rig();
    const token = read(tokens, tokens.mintHello(IP).token);
    assert.equal(tokens.isBoundTo(token, IP), true);
    assert.equal(tokens.isBoundTo(token, '203.0.113.43'), false);
  });

  test('ages: fresh, past half of its life, expired', () => {
    const { clock, tokens } = rig(undefined, 100);
    const token = read(tokens, tokens.mintHello(IP).token);
    const ages = [0, 50_000, 50_001, 100_000, 100_001].map((ms) => {
      clock.time = NOW + ms;
      return tokens.age(token);
    });
    assert.deepEqual(ages, ['fresh', 'fresh', 'past-half', 'past-half', 'expired']);
  });

  test('a renewed token keeps kind and tid, and is bound to where the client is now', () => {
    const { clock, tokens } = rig();
    const token = read(tokens, tokens.mintPage(IP, DOCUMENT).token);
    clock.time += 1_000;
    const renewed = read(tokens, tokens.renew(token, '198.51.100.1').token);
    assert.deepEqual([renewed.kind, renewed.tid, renewed.issuedAt], ['page', DOCUMENT, NOW + 1_000]);
    assert.equal(tokens.isBoundTo(renewed, '198.51.100.1'), true);
  });

  test('rotation: the first secret signs, all verify, one that is gone is unknown', () => {
    const before = rig([{ kid: '0', secret: SECRET }]);
    const during = rig([
      { kid: 'new', secret: OTHER },
      { kid: '0', secret: SECRET },
    ]);
    const after = rig([{ kid: 'new', secret: OTHER }]);
    const old = before.tokens.mintPage(IP, DOCUMENT);
    const header = signed(old.key, '/', 'x');
    const token = read(during.tokens, old.token);
    assert.equal(during.tokens.verify(token, { header, path: '/', body: Buffer.from('x') }), true);
    assert.equal(during.tokens.isBoundTo(token, IP), true);
    assert.equal(read(during.tokens, during.tokens.mintHello(IP).token).kid, 'new');
    assert.deepEqual(after.tokens.read(old.token), { ok: false, reason: 'unknown-kid' });
    assert.deepEqual(after.tokens.read('x'), { ok: false, reason: 'malformed' });
  });
});

describe('the document proof', () => {
  test('is believed from the address that it was made for, and from no other', () => {
    const { tokens } = rig();
    const proof = tokens.documentProof(DOCUMENT, IP);
    assert.match(proof, /^01939d5e-7f00-7abc-8def-0123456789ab\.[\w-]{11}$/);
    assert.equal(tokens.verifyDocumentProof(proof, IP), DOCUMENT);
    assert.equal(tokens.verifyDocumentProof(proof, '203.0.113.43'), null);
  });

  test('is not believed of another document, altered or cut', () => {
    const { tokens } = rig();
    const proof = tokens.documentProof(DOCUMENT, IP);
    const other = proof.replace('01939d5e', '01939d5f');
    for (const text of [
      other,
      proof.slice(0, -1),
      `${proof}A`,
      `${DOCUMENT}.`,
      DOCUMENT,
      '',
      '.',
      'x'.repeat(64_000),
    ]) {
      assert.equal(tokens.verifyDocumentProof(text, IP), null);
    }
  });

  test('outlives the rotation of secrets', () => {
    const proof = rig([{ kid: '0', secret: SECRET }]).tokens.documentProof(DOCUMENT, IP);
    const during = rig([
      { kid: 'new', secret: OTHER },
      { kid: '0', secret: SECRET },
    ]);
    assert.equal(during.tokens.verifyDocumentProof(proof, IP), DOCUMENT);
    assert.equal(rig([{ kid: 'new', secret: OTHER }]).tokens.verifyDocumentProof(proof, IP), null);
  });
});

describe('our cookie', () => {
  const identity = {
    session: '6f1a5c1e-0000-4000-8000-000000000001',
    visitor: '6f1a5c1e-0000-4000-8000-000000000002',
  };
  const pairOf = (setCookie: string | null) => setCookie!.split(';')[0]!;

  test('comes back as it went, with and without a visitor', () => {
    const { tokens } = rig();
    for (const given of [identity, { ...identity, visitor: null }]) {
      assert.deepEqual(tokens.readCookie(['Cookie', pairOf(tokens.writeCookie(given, false))]), given);
    }
  });

  test('has the attributes of the protocol', () => {
    const { tokens } = rig();
    assert.match(
      tokens.writeCookie(identity, false)!,
      /^gt=[^;]+; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax$/,
    );
    assert.match(
      tokens.writeCookie(identity, true)!,
      /^__Host-gt=[^;]+; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  test('is not made of an id that could not stand in a cookie', () => {
    const { tokens } = rig();
    for (const session of ['', 'a b', 'a;b', 'a.b', 'a\r\nb', 'ä', 'x'.repeat(65)]) {
      assert.equal(tokens.writeCookie({ session, visitor: null }, false), null, session);
    }
    assert.match(tokens.writeCookie({ session: 's', visitor: 'a;b' }, false)!, /^gt=s\.\./);
  });

  test('is not believed when altered, and a gt of the site is none of ours', () => {
    const { tokens } = rig();
    const pair = pairOf(tokens.writeCookie(identity, false));
    const altered = [
      pair.replace('0001.', '0003.'),
      pair.replace('0002.', '0003.'),
      `${pair}x`,
      pair.slice(0, -1),
    ];
    for (const cookie of [...altered, 'gt=1', 'gt=', 'gt=a.b.c', 'gt=a.b.c.d', `x${pair}`]) {
      assert.equal(tokens.readCookie(['Cookie', cookie]), null, cookie);
    }
    assert.equal(rig([{ kid: '0', secret: OTHER }]).tokens.readCookie(['Cookie', pair]), null);
  });

  test('is taken off, and only ours: the gt of the site stays', () => {
    const { tokens } = rig();
    const ours = pairOf(tokens.writeCookie(identity, false));
    const secure = pairOf(tokens.writeCookie({ ...identity, session: 's2' }, true));
    const headers = [
      'Host',
      'h',
      'Cookie',
      `a=1; gt=site; ${ours}; ${secure}; b=2`,
      'Cookie',
      ours,
      'Accept',
      '*/*',
    ];
    assert.equal(tokens.takeCookie(headers)?.session, 's2', 'the one that a sibling host cannot have set');
    assert.deepEqual(headers, ['Host', 'h', 'Cookie', 'a=1; gt=site; b=2', 'Accept', '*/*']);
    const untouched = ['Cookie', 'gt=site', 'Host', 'h'];
    assert.equal(tokens.takeCookie(untouched), null);
    assert.deepEqual(untouched, ['Cookie', 'gt=site', 'Host', 'h']);
  });

  test('is believed while its secret is in the ring', () => {
    const pair = pairOf(rig().tokens.writeCookie(identity, false));
    const during = rig([
      { kid: 'new', secret: OTHER },
      { kid: '0', secret: SECRET },
    ]);
    assert.deepEqual(during.tokens.readCookie(['Cookie', pair]), identity);
  });
});

test('a secret for another purpose stays the same when a new one is put in front', () => {
  const lone = deriveSecret([{ kid: '0', secret: SECRET }], 'user-id');
  assert.equal(
    deriveSecret(
      [
        { kid: 'new', secret: OTHER },
        { kid: '0', secret: SECRET },
      ],
      'user-id',
    ),
    lone,
  );
  assert.notEqual(deriveSecret([{ kid: '0', secret: SECRET }], 'something-else'), lone);
  assert.match(lone, /^[0-9a-f]{64}$/);
});
