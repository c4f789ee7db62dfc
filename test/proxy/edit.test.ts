import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setHeader } from '../../src/http/raw-headers.ts';
import type { ResponseWriter } from '../../src/http/response-writer.ts';
import { valuesOf } from '../support/message.ts';
import { ok } from '../support/origin.ts';
import { type ProxyOptions, start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n';

/** Stands where injection stands: asks for plain text and makes it shout, without a length. */
function shouting(steps: string[] = []): NonNullable<ProxyOptions['beginEdit']> {
  const wrap = (next: ResponseWriter): ResponseWriter => ({
    onDrain: next.onDrain.bind(next),
    head: (head) => {
      steps.push(`head ${head.status}`);
      const headers = head.headers.filter((_, i) => !/^content-length$/i.test(head.headers[i - (i % 2)]!));
      next.head({ ...head, headers });
    },
    data: (chunk) => {
      steps.push('data');
      return next.data(Buffer.from(chunk.toString('latin1').toUpperCase(), 'latin1'));
    },
    isHolding: () => next.isHolding(),
    end: (trailers) => {
      steps.push('end');
      next.end(trailers);
    },
    abort: () => {
      steps.push('abort');
      next.abort();
    },
  });
  return (_exchange, headers) => {
    steps.push('begin');
    setHeader(headers, 'Accept-Encoding', 'identity');
    return { wrap };
  };
}

test('an editor may change the headers that go to the origin, and stands before the client', async (t) => {
  const steps: string[] = [];
  const { origin, port } = await start(t, ok('quiet'), { beginEdit: shouting(steps) });
  const response = await roundTrip(port, GET);
  assert.equal(response.text, 'QUIET');
  assert.equal(response.header('transfer-encoding'), 'chunked');
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'accept-encoding'), ['identity']);
  assert.deepEqual(steps, ['begin', 'head 200', 'data', 'end']);
});

test('an editor is asked once, also where the request goes out once more', async (t) => {
  const steps: string[] = [];
  const served = new Set<number>();
  const { origin, port } = await start(
    t,
    (request, socket) => {
      if (served.has(request.connection)) return socket.destroy();
      served.add(request.connection);
      socket.write(ok('a'));
    },
    { beginEdit: shouting(steps) },
  );
  await roundTrip(port, GET);
  await roundTrip(port, GET);
  assert.equal(origin.requests.length, 3);
  assert.deepEqual(steps.filter((step) => step === 'begin').length, 2);
  for (const { headers } of origin.requests)
    assert.deepEqual(valuesOf(headers, 'accept-encoding'), ['identity']);
});

test('an editor hears that the origin was lost, and the client does not take the rest for whole', async (t) => {
  const steps: string[] = [];
  const { port } = await start(
    t,
    (_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 30);
    },
    { beginEdit: shouting(steps) },
  );
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(GET);
  await client.ended();
  assert.doesNotMatch(client.received(), /\r\n0\r\n/);
  assert.deepEqual(steps, ['begin', 'head 200', 'data', 'abort']);
});

test('what an editor holds back is not read over by what comes after it', async (t) => {
  const pieces = Array.from({ length: 40 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(20_000));
  const wrap = (next: ResponseWriter): ResponseWriter => {
    const held: Buffer[] = [];
    return {
      onDrain: next.onDrain.bind(next),
      head: (head) => next.head(head),
      data: (chunk) => held.push(chunk) > 0,
      isHolding: () => true,
      end: (trailers) => {
        for (const chunk of held) next.data(chunk);
        next.end(trailers);
      },
      abort: () => next.abort(),
    };
  };
  const { port } = await start(t, ok(pieces.join('')), { beginEdit: () => ({ wrap }) });
  assert.equal((await roundTrip(port, GET)).text, pieces.join(''));
});
