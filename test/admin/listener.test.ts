import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { type Harness, startAdmin } from './harness.ts';

suite('the metrics listener', () => {
  let admin: Harness;
  before(async () => {
    admin = await startAdmin({ allowedHosts: ['Metrics.Internal'] });
  });
  after(() => admin.close());

  /** The whole answer to a request with exactly these lines. */
  function exchange(...lines: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(admin.port, '127.0.0.1');
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
        if (text.includes('text/event-stream')) socket.destroy();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
    });
  }
  const statusOf = (answer: string) => Number(answer.slice(9, 12));
  const get = (path: string, init?: RequestInit) => fetch(admin.url + path, init);

  test('answers metrics with the text and the type it was given', async () => {
    const response = await get('/metrics');
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await response.text(), '# TYPE up gauge\nup 1\n');
  });

  test('says a fault of the metrics as 500, and goes on', async () => {
    const { metricsText } = admin.state;
    admin.state.metricsText = () => Promise.reject(new Error('no'));
    assert.equal((await get('/metrics')).status, 500);
    assert.equal(admin.state.faults.length, 1);
    admin.state.metricsText = metricsText;
    assert.equal((await get('/metrics')).status, 200);
  });

  test('healthz is ok while the process answers', async () => {
    assert.deepEqual(await (await get('/healthz')).json(), { status: 'ok' });
  });

  test('readyz gives the report with its error texts and the status it was given', async () => {
    const ready = await get('/readyz');
    assert.equal(ready.status, 200);
    const report = (await ready.json()) as { sinks: { kafka: { error: string } } };
    assert.equal(report.sinks.kafka.error, 'refused');
    const { body } = admin.state.readiness;
    admin.state.readiness = { httpStatus: 503, body: { ...body, status: 'draining' } };
    const draining = await get('/readyz');
    assert.equal(draining.status, 503);
    assert.equal(((await draining.json()) as { status: string }).status, 'draining');
    admin.state.readiness = { httpStatus: 200, body };
  });

  for (const host of [
    'localhost',
    'LOCALHOST:9090',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.8.9.10:9090',
    '[::1]:9090',
    'metrics.internal:9090',
  ]) {
    test(`is known as ${host}`, async () => {
      assert.equal(statusOf(await exchange('GET /metrics HTTP/1.1', `Host: ${host}`)), 200);
    });
  }

  for (const host of [
    'evil.example',
    'evil.example:9090',
    'localhost.evil.example',
    'evil.localhost',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    '128.0.0.1',
    '10.0.0.1',
    '[::2]',
    'metrics.internal.evil.example',
    'localhost:port',
    '',
  ]) {
    test(`answers a page that calls it ${host || 'nothing'} with 421 and nothing else`, async () => {
      for (const path of ['/', '/metrics', '/readyz', '/healthz', '/events', '/live/main.js', '/no']) {
        const answer = await exchange(`GET ${path} HTTP/1.1`, `Host: ${host}`);
        assert.equal(statusOf(answer), 421, path);
        assert.match(answer, /METRICS_HOSTS/);
      }
    });
  }

  test('refuses a request with two names, or none', async () => {
    assert.equal(
      statusOf(await exchange('GET /metrics HTTP/1.1', 'Host: localhost', 'Host: localhost')),
      421,
    );
    assert.equal(statusOf(await exchange('GET /metrics HTTP/1.0')), 421);
  });

  test('refuses what a page of another site asks for by itself, not a link to here', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const asked = await exchange(
        'GET /events HTTP/1.1',
        'Host: localhost',
        `Sec-Fetch-Site: ${site}`,
        'Sec-Fetch-Mode: cors',
      );
      assert.equal(statusOf(asked), 403);
      const followed = await exchange(
        'GET / HTTP/1.1',
        'Host: localhost',
        `Sec-Fetch-Site: ${site}`,
        'Sec-Fetch-Mode: navigate',
      );
      assert.equal(statusOf(followed), 200);
    }
    const own = await exchange(
      'GET /events HTTP/1.1',
      'Host: localhost',
      'Sec-Fetch-Site: same-origin',
      'Sec-Fetch-Mode: cors',
    );
    assert.equal(statusOf(own), 200);
  });

  test('serves GET and HEAD and nothing that could change something', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const response = await get('/', { method });
      assert.equal(response.status, 405, method);
      assert.equal(response.headers.get('allow'), 'GET, HEAD', method);
      assert.equal(response.headers.get('access-control-allow-origin'), null, method);
    }
    for (const path of ['/', '/metrics', '/healthz', '/readyz', '/events']) {
      const head = await exchange(`HEAD ${path} HTTP/1.1`, 'Host: localhost');
      assert.equal(statusOf(head), 200, path);
      assert.match(head, /\r\n\r\n$/, path);
    }
  });

  test('the page and its files come under a policy that lets in nothing else', async () => {
    const page = await get('/');
    const html = await page.text();
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path!);
    assert.ok(files.length >= 4);
    const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
    for (const path of files) {
      const file = await get(path);
      assert.equal(file.status, 200, path);
      const ending = path.split('.').at(-1) as keyof typeof types;
      assert.equal(file.headers.get('content-type'), `${types[ending]}; charset=utf-8`);
    }
    assert.doesNotMatch(html, /<script(?![^>]*src=)|\sstyle=|\son\w+=/);
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.split('; ').includes(rule), rule);
    }
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(page.headers.get('cache-control'), 'no-store');
  });

  test('names no other file of the disk', async () => {
    for (const path of [
      '/live/../admin.ts',
      '/live/%2e%2e/admin.ts',
      '/live/',
      '/live/none.js',
      '//etc/passwd',
    ]) {
      assert.equal(statusOf(await exchange(`GET ${path} HTTP/1.1`, 'Host: localhost')), 404, path);
    }
  });

  test('rejects when its address is taken', async () => {
    await assert.rejects(startAdmin({ port: admin.port }), { code: 'EADDRINUSE' });
  });
});
