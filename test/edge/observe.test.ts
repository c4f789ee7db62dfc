import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createObserve } from '../../src/edge/observe.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { ok, type Script, until } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';

async function startObserved(t: TestContext, script: Script | string = ok()) {
  const metrics = createMetrics({ processMetrics: false });
  const started = await start(t, script, { observe: createObserve(metrics, () => performance.now()) });
  /** Lines of the metrics page about requests, without the zeros that Prometheus does not need. */
  const counted = async () =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('gotrack_http_requests_total{'));
  return { ...started, counted };
}

const line = (endpoint: string, method: string, status: string, count = 1) =>
  `gotrack_http_requests_total{endpoint="${endpoint}",method="${method}",status="${status}"} ${count}`;

test('requests are counted by endpoint, method and status class', async (t) => {
  const { port, counted } = await startObserved(t);
  const requests = [
    'GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /b?c HTTP/1.1\r\nHost: a\r\n\r\n',
    'PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /px.gif HTTP/1.1\r\nHost: a\r\n\r\n',
    'HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  ];
  for (const request of requests) await roundTrip(port, request);
  const expected = [
    line('forward', 'GET', '2xx', 2),
    line('forward', 'other', '2xx'),
    line('healthz', 'HEAD', '2xx'),
    line('pixel', 'GET', '2xx'),
    line('readyz', 'GET', '5xx'),
    line('refused', 'GET', '4xx'),
  ];
  let found: string[] = [];
  await until(() => {
    void counted().then((lines) => {
      found = lines.sort();
    });
    return found.length === expected.length;
  }, 'all of the counts');
  assert.deepEqual(found, expected);
});

test('a client that goes before the head is counted as aborted', async (t) => {
  const { origin, port, counted } = await startObserved(t, () => {});
  const client = await connect(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await origin.received(1);
  client.destroy();
  await origin.idle();
  assert.deepEqual(await counted(), [line('forward', 'GET', 'aborted')]);
});

test('a hundred URLs are one series', async (t) => {
  const { port, counted } = await startObserved(t);
  const client = await connect(port);
  for (let i = 0; i < 100; i++) {
    client.send(`GET /${i}?${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.response();
  }
  client.destroy();
  assert.equal((await counted()).length, 1);
});
