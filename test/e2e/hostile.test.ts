/** Promise 3, through the running program: nothing of a bad POST reaches the origin or the log. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventsWhen, readEvents } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { events, hello, post, signatureOf } from '../support/signer.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
const logPath = join(folder.path, 'events.ndjson');
const seen: string[] = [];
let origin: http.Server;
let gotrack: GotrackProcess;

before(async () => {
  origin = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => response.end('origin'));
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  gotrack = await startGotrack({
    FORWARD_DESTINATION: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: logPath,
  });
});

after(async () => {
  await gotrack.stop();
  origin.close();
  origin.closeAllConnections();
  folder.remove();
});

/** One good event last: when it is in the log, whatever came before it would be there too. */
async function logAfterAMarker(): Promise<string[]> {
  const grant = await hello(gotrack.site);
  const [marker] = events(1, 'marker');
  const body = JSON.stringify([marker]);
  assert.equal((await post(gotrack.site, '/p', body, signatureOf(grant, '/p', body))).status, 202);
  const isMarker = (event: { event_id: string }) => event.event_id === marker!.event_id;
  await eventsWhen(logPath, (all) => all.some(isMarker));
  return readEvents(logPath).map((event) => event.event_id);
}

test('an altered body is refused, and nothing of it goes anywhere', async () => {
  const grant = await hello(gotrack.site);
  const body = JSON.stringify(events(1));
  const altered = body.replace('/p', '/q');
  const response = await post(gotrack.site, '/p', altered, signatureOf(grant, '/p', body));
  assert.equal(response.status, 401);
  assert.deepEqual(await response.json(), { error: 'bad-signature' });
  const id = JSON.parse(body)[0].event_id;
  assert.ok(!(await logAfterAMarker()).includes(id));
});

test('a signature for another URL is refused', async () => {
  const grant = await hello(gotrack.site);
  const body = JSON.stringify(events(1));
  const response = await post(gotrack.site, '/elsewhere', body, signatureOf(grant, '/p', body));
  assert.equal(response.status, 401);
});

test('a forged token is refused', async () => {
  const grant = await hello(gotrack.site);
  const token = `${grant.token.slice(0, -4)}AAAA`;
  const body = JSON.stringify(events(1));
  const response = await post(gotrack.site, '/p', body, signatureOf({ ...grant, token }, '/p', body));
  assert.equal(response.status, 401);
});

test('a replay is answered as a duplicate and written once, 50 copies at once too', async () => {
  const grant = await hello(gotrack.site);
  const body = JSON.stringify(events(1));
  const signature = signatureOf(grant, '/p', body);
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => (await post(gotrack.site, '/p', body, signature)).json()),
  );
  const accepted = (answers as { accepted: number }[]).filter((answer) => answer.accepted === 1);
  assert.equal(accepted.length, 1);
  const id = JSON.parse(body)[0].event_id;
  assert.equal((await logAfterAMarker()).filter((other) => other === id).length, 1);
});

test('an unsigned POST to /collect is refused; a POST of the site is the site’s', async () => {
  const response = await fetch(`${gotrack.site}/collect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events(1)),
  });
  assert.equal(response.status, 401);
  assert.deepEqual(await response.json(), { error: 'unsigned' });
  const path = `/login?${randomUUID()}`;
  const forwarded = await fetch(gotrack.site + path, { method: 'POST', body: 'user=a' });
  assert.equal(await forwarded.text(), 'origin');
  assert.ok(seen.includes(`POST ${path}`));
});

test('no signed POST ever reached the origin', () => {
  assert.deepEqual(
    seen.filter((line) => line.startsWith('POST') && !line.includes('/login')),
    [],
  );
});
