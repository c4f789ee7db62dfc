import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_VIEWERS } from '../../src/admin/live-feed.ts';
import { type Harness, numbersIn, openStream, startAdmin } from './harness.ts';

/** A message carries one such record: few of them fill the ring and the buffers of both sockets. */
const LARGE = Buffer.from(JSON.stringify({ padding: 'x'.repeat(2 ** 20) }));

suite('the stream of events', () => {
  let admin: Harness;
  beforeEach(async () => {
    admin = await startAdmin();
  });
  afterEach(() => admin.close());

  const numbered = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ n: from + i }));

  test('sends records as they come, each on a line of its own, in order', async () => {
    const viewer = openStream(admin.port);
    await viewer.until(/event: status/);
    assert.match(viewer.text(), /content-type: text\/event-stream; charset=utf-8\r\n/i);
    assert.match(viewer.text(), /x-accel-buffering: no\r\n/i);
    admin.publish({ n: 0 }, { n: 1 });
    admin.publish({ n: 2 });
    const message = await viewer.until(/event: events\n[^\r]*\n\n/);
    assert.match(
      message,
      /^event: events\ndata: \{"n":0\}\ndata: \{"n":1\}\ndata: \{"n":2\}\nid: \w+\.3\n\n$/,
    );
    viewer.socket.destroy();
  });

  test('tells a fresh viewer the last 200 events', async () => {
    admin.publish(...numbered(0, 700));
    const viewer = openStream(admin.port);
    await viewer.until(/"n":699\}/);
    assert.deepEqual(
      numbersIn(viewer.text()),
      Array.from({ length: 200 }, (_, i) => 500 + i),
    );
    viewer.socket.destroy();
  });

  for (const [how, reopen] of [
    ['Last-Event-ID', (id: string) => openStream(admin.port, '/events', `Last-Event-ID: ${id}\r\n`)],
    ['its address', (id: string) => openStream(admin.port, `/events?after=${id}`)],
  ] as const) {
    test(`goes on where a viewer that comes back by ${how} has left, without a gap or a repetition`, async () => {
      admin.publish(...numbered(0, 5));
      const first = openStream(admin.port);
      const [, id] = (await first.until(/id: (\S+)\n/)).split(' ');
      first.socket.destroy();
      admin.publish(...numbered(5, 300));
      const second = reopen(id!.trim());
      await second.until(/"n":304\}/);
      assert.deepEqual(
        numbersIn(second.text()),
        Array.from({ length: 300 }, (_, i) => 5 + i),
      );
      second.socket.destroy();
    });
  }

  test('takes an id that is not its own for that of a fresh viewer', async () => {
    admin.publish(...numbered(0, 3));
    for (const id of ['other.2', '.1', 'x', '9', `${'9'.repeat(400)}.1`, 'a.-1', 'a.1e9']) {
      const viewer = openStream(admin.port, `/events?after=${id}`);
      await viewer.until(/"n":2\}/);
      assert.deepEqual(numbersIn(viewer.text()), [0, 1, 2], id);
      viewer.socket.destroy();
    }
  });

  test('a viewer that does not read loses events, is told how many, and costs no memory', async () => {
    const slow = openStream(admin.port);
    await slow.until(/event: status/);
    slow.socket.pause();
    const before = process.memoryUsage();
    for (let round = 0; round < 15; round++) {
      admin.publish(LARGE, LARGE, LARGE);
      await sleep(110);
    }
    const after = process.memoryUsage();
    const grown = after.arrayBuffers + after.external - before.arrayBuffers - before.external;
    assert.ok(grown < 24 * 2 ** 20, `grew by ${grown} bytes`);
    slow.socket.resume();
    admin.publish({ n: 1 });
    await slow.until(/"n":1\}/);
    const skipped = [...slow.text().matchAll(/event: skipped\ndata: (\d+)/g)].map(([, n]) => Number(n));
    const received = slow.text().match(/\{"padding"|\{"n"/g)!.length;
    assert.ok(skipped.length > 0);
    assert.equal(received + skipped.reduce((sum, n) => sum + n, 0), 46);
    slow.socket.destroy();
  });

  test('a viewer that reads is not held up by one that does not', async () => {
    const slow = openStream(admin.port);
    await slow.until(/event: status/);
    slow.socket.pause();
    const fast = openStream(admin.port);
    await fast.until(/event: status/);
    // The slow one's buffers are full long before the end.
    for (let n = 0; n < 20; n++) {
      admin.publish(LARGE, { n });
      await fast.until(new RegExp(`"n":${n}}`));
      assert.doesNotMatch(fast.text(), /event: skipped/);
      fast.forget();
    }
    slow.socket.destroy();
    fast.socket.destroy();
  });

  test('a viewer that takes nothing for a minute is cut', async () => {
    const slow = openStream(admin.port);
    await slow.until(/event: status/);
    slow.socket.pause();
    for (let round = 0; round < 15; round++) {
      admin.publish(LARGE, LARGE, LARGE);
      await sleep(110);
    }
    admin.state.skewMs += 61_000;
    await sleep(1200);
    const resumedAt = slow.text().length;
    slow.socket.resume();
    const outcome = await Promise.race([
      slow.closed.then(() => 'cut'),
      sleep(10_000, 'left open', { ref: false }),
    ]);
    assert.equal(outcome, 'cut');
    // What was on its way still comes; the 45 MB that were published do not.
    assert.ok(slow.text().length - resumedAt < 24 * 2 ** 20);
  });

  test('lets sixteen watch, and the next one when somebody leaves', async () => {
    const viewers = Array.from({ length: MAX_VIEWERS }, () => openStream(admin.port));
    await Promise.all(viewers.map((viewer) => viewer.until(/event: status/)));
    const refused = await fetch(`${admin.url}/events`);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '10');
    viewers[0]!.socket.destroy();
    let late: Response;
    do late = await fetch(`${admin.url}/events`);
    while (late.status === 503);
    assert.equal(late.status, 200);
    await late.body!.cancel();
    for (const { socket } of viewers) socket.destroy();
  });

  test('status says health, counters, site and the events of the last minute, every second', async () => {
    admin.publish(...numbered(0, 4));
    admin.state.skewMs += 1000;
    const viewer = openStream(admin.port);
    await viewer.until(/event: status\n.*\n\n/);
    viewer.forget();
    await viewer.until(/event: status\n.*\n\n/);
    const [, json] = /event: status\ndata: (.*)\n\n/.exec(viewer.text())!;
    const status = JSON.parse(json!);
    assert.equal(status.total, 4);
    assert.equal(status.rates.length, 60);
    assert.equal(
      status.rates.reduce((sum: number, count: number) => sum + count, 0),
      4,
    );
    assert.equal(status.site, 'http://127.0.0.1:19890');
    assert.equal(status.viewers, 1);
    assert.deepEqual(status.readiness, admin.state.readiness.body);
    assert.deepEqual(status.counters.injections, { inserted: 5, csp: 2 });
    viewer.socket.destroy();
  });

  test('nothing is counted, read or sent while nobody watches', async () => {
    await sleep(1200);
    assert.equal(admin.state.countersRead, 0);
    const viewer = openStream(admin.port);
    await viewer.until(/event: status/);
    viewer.socket.destroy();
    await sleep(100);
    const read = admin.state.countersRead;
    await sleep(1200);
    assert.equal(admin.state.countersRead, read);
  });

  test('closing ends the streams and lets go of the journal', async () => {
    const viewer = openStream(admin.port);
    await viewer.until(/event: status/);
    assert.equal(admin.subscribers(), 1);
    await admin.close();
    await viewer.closed;
    assert.equal(admin.subscribers(), 0);
  });
});
