/** A signed POST that comes again: at once, from elsewhere, altered, after a restart. It is one event, under one id. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { type TestContext, test } from 'node:test';
import { drained } from '../support/drained.ts';
import { eventsWhen, readEvents } from '../support/event-log.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { events, type Grant, headersFor, hello, signatureOf } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const ROUNDS = process.env.TEST_SIZE === 'full' ? 100 : 3;
const COPIES = 100;
const linux = { skip: process.platform === 'linux' ? false : 'needs more addresses than 127.0.0.1' };

type Post = { path: string; body: string; signature: string };
type Answer = { status: number; accepted?: number; duplicates?: number; error?: string };

/** From an address of the machine's own. */
function send(site: string, { path, body, signature }: Post, localAddress = '127.0.0.1'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...headersFor(signature), 'content-length': Buffer.byteLength(body) };
    const request = http.request(site + path, { method: 'POST', headers, localAddress }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve({ ...JSON.parse(text), status: response.statusCode }));
    });
    request.on('error', reject).end(body);
  });
}

function signedPost(grant: Grant, body = JSON.stringify(events(1))): Post {
  return { path: '/p', body, signature: signatureOf(grant, '/p', body) };
}

async function start(t: TestContext, more: Record<string, string> = {}) {
  const site = await startSite(t);
  const gotrack = await startGotrack({ ...site.env, ...more });
  t.after(() => gotrack.stop('SIGKILL'));
  return { ...site, gotrack, url: gotrack.site };
}

const elsewhere = (n: number) => `127.0.0.${2 + (n % 50)}`;

test(`${ROUNDS} times ${COPIES} copies at once, from many addresses: one event each`, linux, async (t) => {
  const found = faultRow(t, 'replay', `${ROUNDS} times ${COPIES} copies at once`);
  const { gotrack, url, logPath } = await start(t);
  const grant = await hello(url);
  for (let round = 0; round < ROUNDS; round += 1) {
    const one = signedPost(grant);
    const copies = Array.from({ length: COPIES }, (_, n) => send(url, one, n % 2 ? elsewhere(n) : undefined));
    const answers = await Promise.all(copies);
    assert.ok(answers.every(({ status }) => status === 202));
    assert.equal(answers.filter(({ accepted }) => accepted === 1).length, 1);
    assert.equal(answers.filter(({ duplicates }) => duplicates === 1).length, COPIES - 1);
  }
  await drained(url);
  assert.equal(await gotrack.stop(), 0);
  assert.equal(readEvents(logPath).length, ROUNDS);
  found(`${ROUNDS} events of ${ROUNDS * COPIES} POSTs`);
});

test('altered, sent to another URL, or in the name of another: nothing is emitted', linux, async (t) => {
  const found = faultRow(t, 'replay', `${ROUNDS} of each forgery`);
  const { gotrack, url, logPath } = await start(t, { HMAC_IP_BINDING: 'strict' });
  const [grant, other] = [await hello(url), await hello(url)];
  for (let round = 0; round < ROUNDS; round += 1) {
    const post = signedPost(grant);
    const forgeries: Post[] = [
      { ...post, body: post.body.replace('/p', '/q') },
      { ...post, path: '/q' },
      { ...post, path: '/p?a=b' },
      { ...post, signature: signatureOf({ ...grant, token: other.token }, '/p', post.body) },
      { ...post, signature: post.signature.replace(/t=(\d+)/, (_, ms) => `t=${Number(ms) + 1}`) },
      { ...post, signature: post.signature.replace(/n=\d+/, 'n=1') },
    ];
    for (const forgery of forgeries) {
      const { status, error } = await send(url, forgery);
      assert.deepEqual([status, error], [401, 'bad-signature'], JSON.stringify(forgery));
    }
    const { status, error } = await send(url, post, elsewhere(round));
    assert.deepEqual([status, error], [401, 'address-changed']);
  }
  assert.equal((await send(url, signedPost(grant))).status, 202, 'the honest one is heard');
  await drained(url);
  assert.equal(await gotrack.stop(), 0);
  assert.equal(readEvents(logPath).length, 1);
  found(`0 of ${ROUNDS * 7} emitted`);
});

test('after a restart the same POST is the same event ids, whether the client gave them or not', async (t) => {
  const found = faultRow(t, 'replay', 'over a restart');
  const { gotrack, url, logPath, env } = await start(t);
  const nameless = JSON.stringify([{ type: 'pageview' }, { type: 'click' }]);
  const grant = await hello(url);
  const posts = [signedPost(grant), signedPost(grant, nameless)];
  for (const post of posts) assert.equal((await send(url, post)).status, 202);
  await eventsWhen(logPath, (all) => all.length === 3);
  await gotrack.stop('SIGKILL');
  const second = await startGotrack(env);
  t.after(() => second.stop('SIGKILL'));
  for (const post of posts) assert.equal((await send(second.site, post)).status, 202);
  await drained(second.site);
  assert.equal(await second.stop(), 0);
  const ids = new Set(readEvents(logPath).map(({ event_id }) => event_id));
  assert.equal(ids.size, 3);
  found('0 new event ids');
});
