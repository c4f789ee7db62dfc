/**
 * Runs tables of exchanges. Each row goes over a real connection to a proxy before an origin that records bytes.
 * Whatever a row says, these hold: request line and end-to-end headers reach the origin as they were sent, the
 * answer's reach the client as the origin sent them, the origin sees that one request, and a canary behind it
 * gets the canary's answer, on the same connection where it stays open.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type HeaderLine, headerLines, valuesOf } from '../../support/message.ts';
import { type Origin, ok, type Received, type Script } from '../../support/origin.ts';
import { type ProxyOptions, start, type TestProxy } from '../../support/proxy.ts';
import { connect, type RawClient, type RawResponse } from '../../support/raw-client.ts';
import { requestEssence, responseEssence } from './end-to-end.ts';
import { hasLines, hasNone, type Lines } from './lines.ts';
import { get } from './messages.ts';

export type Row = {
  it: string;
  send: string;
  /** What the origin answers; 200 `ok` where a row does not care. */
  answers?: string | Script;
  with?: ProxyOptions;
  /** Lines of the request that the origin got, in this order, among others. */
  originSees?: Lines;
  /** Headers of which the origin got none. */
  originLacks?: Lines;
  /** The request's body without its framing. */
  originBody?: string;
  /** Its heads of 1xx, each as its lines. */
  before?: readonly Lines[];
  /** Lines of the answer, in this order, among others. */
  clientSees?: Lines;
  clientLacks?: Lines;
  clientBody?: string;
  clientTrailers?: readonly HeaderLine[];
  /** The proxy closes the connection behind the answer. */
  closes?: true;
  /** How often the origin sees it; once where it is not said. */
  times?: number;
  /** What the row changes on purpose, and so is not to be as it was sent. */
  changes?: 'request' | 'response' | 'both';
};

export type Refused = {
  it: string;
  send: string;
  /** The answer's status. */
  gets: number;
  with?: ProxyOptions;
  /** How far it comes: nothing of it to the origin (the default), or a request whose body never ends. */
  reaches?: 'nothing' | 'half';
};

export function forwards(section: string, rows: readonly Row[]): void {
  describe(section, () => {
    for (const row of rows) test(row.it, (t) => runRow(t, row));
  });
}

/** Each alone, and with another request right behind it that must not reach the origin. */
export function refuses(section: string, rows: readonly Refused[]): void {
  describe(section, () => {
    for (const row of rows) test(`${row.it}: ${row.gets}`, (t) => runRefused(t, row));
  });
}

const CANARY = get('/canary', 'X-Canary: alive');
const isCanary = ({ headers }: Received) => valuesOf(headers, 'x-canary').length > 0;

/** The row's own answer, and the canary's. */
function scriptOf({ answers = ok() }: Pick<Row, 'answers'>): Script {
  return async (request, socket) => {
    if (isCanary(request)) return void socket.write(ok('canary'));
    if (typeof answers === 'function') return answers(request, socket);
    await request.body.catch(() => {});
    socket.write(answers, 'latin1');
  };
}

async function runRow(t: TestContext, row: Row): Promise<void> {
  const { origin, proxy, port } = await start(t, scriptOf(row), row.with);
  const client = await clientOf(t, port);
  const method = row.send.trimStart().split(' ', 1)[0]!;
  client.send(row.send);
  for (const lines of row.before ?? []) hasLines((await client.response(method)).head, lines, 'the client');
  const response = await client.response(method);
  await checkRequest(row, origin.requests[0]);
  checkResponse(row, response);
  if (row.closes) {
    await client.ended();
    assert.equal(client.received(), '', 'nothing comes behind the last answer');
  }
  await checkCanary(row.closes ? await clientOf(t, port) : client);
  const seen = origin.requests.filter((request) => !isCanary(request));
  assert.equal(seen.length, row.times ?? 1, 'requests that the origin saw');
  assert.deepEqual(proxy.seen.faults, []);
}

async function checkRequest(row: Row, received: Received | undefined): Promise<void> {
  if (received === undefined) return assert.equal(row.originSees, undefined, 'the origin saw nothing');
  const sent = row.send.replace(/^(?:\r\n)+/, '');
  if (row.changes !== 'request' && row.changes !== 'both') {
    const [line] = sent.split('\r\n', 1);
    assert.equal(received.head.split('\r\n', 1)[0], line!.replace(/HTTP\/1\.0$/, 'HTTP/1.1'));
    assert.deepEqual(requestEssence(received.headers), requestEssence(sentHeaders(sent)));
  }
  hasLines(received.head, row.originSees ?? [], 'the origin');
  hasNone(received.headers, row.originLacks ?? [], 'the origin');
  if (row.originBody !== undefined) assert.equal((await received.body).toString('latin1'), row.originBody);
}

function checkResponse(row: Row, response: RawResponse): void {
  const { answers = ok() } = row;
  const changed = row.changes === 'response' || row.changes === 'both';
  if (typeof answers === 'string' && !changed) {
    const final = answers.slice(answers.lastIndexOf('HTTP/1.'));
    assert.equal(response.head.split('\r\n', 1)[0], final.split('\r\n', 1)[0]);
    assert.deepEqual(responseEssence(response.headers), responseEssence(sentHeaders(final)));
  }
  hasLines(response.head, row.clientSees ?? [], 'the client');
  hasNone(response.headers, row.clientLacks ?? [], 'the client');
  if (row.clientBody !== undefined) assert.equal(response.text, row.clientBody);
  if (row.clientTrailers !== undefined) assert.deepEqual(response.trailers, row.clientTrailers);
}

async function runRefused(t: TestContext, row: Refused): Promise<void> {
  const { origin, proxy, port } = await start(t, scriptOf({ answers: () => {} }), row.with);
  for (const behind of ['', get('/smuggled')]) {
    const client = await clientOf(t, port);
    client.send(row.send + behind);
    const response = await client.response();
    assert.equal(response.status, row.gets, response.text);
    assert.equal(response.header('connection'), 'close');
    await client.ended();
    assert.equal(client.received(), '', 'nothing comes behind the refusal');
  }
  await checkCanary(await clientOf(t, port));
  await checkReach(row, origin, proxy);
}

async function checkReach(row: Refused, origin: Origin, proxy: TestProxy): Promise<void> {
  const others = origin.requests.filter((request) => !isCanary(request));
  if (row.reaches === 'half') {
    for (const { body } of others) await assert.rejects(body, 'the origin never takes the body for whole');
    assert.ok(!others.some(({ target }) => target === '/smuggled'));
  } else assert.deepEqual(others, []);
  assert.deepEqual(proxy.seen.faults, []);
}

async function checkCanary(client: RawClient): Promise<void> {
  client.send(CANARY);
  assert.equal((await client.response()).text, 'canary');
}

async function clientOf(t: TestContext, port: number): Promise<RawClient> {
  const client = await connect(port);
  t.after(() => client.destroy());
  return client;
}

const sentHeaders = (message: string) => headerLines(message.slice(0, message.indexOf('\r\n\r\n') + 4));
