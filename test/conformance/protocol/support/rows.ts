/**
 * Runs tables of requests against a whole instance: each row over a connection of its own, with what it is answered
 * and what is stored of it. Events are told apart by the request id, which a trusted peer may give. What a row does
 * not store must not be there at the end, when an event that was sent last has arrived.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Envelope } from '../../../../src/event/envelope.ts';
import { startApp, type TestApp } from '../../../support/app.ts';
import { eventsWhen } from '../../../support/event-log.ts';
import { type Origin, ok, startOrigin } from '../../../support/origin.ts';
import { exchange } from './exchange.ts';
import { bare, IP, SECRET, type Signing, v1 } from './spec-client.ts';

export type Sent = {
  /** POST where it is not said. */
  method?: string;
  path?: string;
  headers?: readonly string[];
  /** A text goes as it is, anything else as JSON. */
  body?: unknown;
  /** How X-GoTrack-HMAC comes about: not at all where it is not said. */
  signed?: 'v1' | 'bare' | 'hello' | (Partial<Signing> & { by: 'v1' });
  /** The client's address; the peer is a trusted proxy, which says nothing where it is empty. */
  ip?: string;
  /** The Content-Type; application/json where it is not said, none where it is null. */
  type?: string | null;
};

export type Row = {
  it: string;
  sends: Sent;
  /** The same request comes so often before; their answers do not count. */
  after?: number;
  status: number;
  /** The answer's `error`. */
  error?: string;
  field?: string;
  /** Members that its JSON has. */
  json?: Record<string, unknown>;
  /** Members that its JSON must have, whatever they are, and must not have. */
  has?: readonly string[];
  lacks?: readonly string[];
  /** Headers, by name in lower case: the value, or null for none. */
  headers?: Record<string, string | RegExp | null>;
  /** Of each event that is stored of it, in order, what it contains; nothing where it is not said. */
  stores?: readonly Part[];
  /** The origin gets it. */
  forwarded?: true;
};

/** Part of an event, compared member by member. */
export type Part = { readonly [name: string]: unknown };

export type Instance = { app: TestApp; origin: Origin };

export function answers(section: string, env: Record<string, string>, rows: readonly Row[]): void {
  describe(section, () => {
    const instance = {} as Partial<Instance> as Instance;
    const ids = new Map<string, number>();
    before(async () => {
      instance.origin = await startOrigin(ok('origin'));
      instance.app = await startApp(`http://127.0.0.1:${instance.origin.port}`, {
        HMAC_SECRET: SECRET,
        TRUST_PROXY: 'true',
        ...env,
      });
    });
    after(async () => {
      await instance.app?.close();
      await instance.origin?.close();
    });
    for (const row of rows) test(`${row.it}: ${row.status}`, () => runRow(instance, row, ids));
    test('nothing is stored but what is said above', () => checkStored(instance, ids));
  });
}

async function runRow(instance: Instance, row: Row, ids: Map<string, number>): Promise<void> {
  for (let i = 0; i < (row.after ?? 0); i++) await send(instance, row.sends, 'before');
  const id = randomUUID();
  const seen = instance.origin.requests.length;
  const answer = await send(instance, row.sends, id);
  assert.equal(answer.status, row.status, answer.text);
  assert.equal(instance.origin.requests.length - seen, row.forwarded ? 1 : 0, 'requests that the origin got');
  const json = answer.json as Record<string, unknown>;
  if (row.error !== undefined) assert.deepEqual([json.error, json.field], [row.error, row.field]);
  for (const [name, value] of Object.entries(row.json ?? {})) assert.deepEqual(json[name], value, name);
  for (const name of row.has ?? []) assert.ok(name in json, `${name} in ${answer.text}`);
  for (const name of row.lacks ?? []) assert.ok(!(name in json), `no ${name} in ${answer.text}`);
  for (const [name, value] of Object.entries(row.headers ?? {}))
    checkHeader(answer.headers[name], value, name);
  const { stores = [] } = row;
  ids.set(id, stores.length);
  if (stores.length === 0) return;
  const stored = await storedOf(instance, id, stores.length);
  assert.equal(stored.length, stores.length, `events that are stored: ${answer.text}`);
  for (const [i, part] of stores.entries()) contains(stored[i], part, 'event');
}

function checkHeader(got: string | undefined, wanted: string | RegExp | null, name: string): void {
  if (wanted instanceof RegExp) assert.match(got ?? '', wanted, name);
  else assert.equal(got ?? null, wanted, name);
}

/** Objects by their members, all else as a whole; `undefined` must be absent. */
function contains(got: unknown, wanted: unknown, at: string): void {
  if (wanted instanceof RegExp) return assert.match(String(got), wanted, at);
  const isObject = typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted);
  if (!isObject) return assert.deepEqual(got, wanted, at);
  assert.equal(typeof got, 'object', `${at} is there`);
  for (const [name, value] of Object.entries(wanted)) contains((got as Part)[name], value, `${at}.${name}`);
}

async function storedOf({ app }: Instance, id: string, count: number): Promise<Envelope[]> {
  const of = (all: Envelope[]) => all.filter(({ server }) => server.request_id === id);
  return of(await eventsWhen(app.logPath, (all) => of(all).length >= count));
}

async function checkStored(instance: Instance, ids: ReadonlyMap<string, number>): Promise<void> {
  const last = randomUUID();
  const answer = await send(instance, { body: { type: 'last' }, signed: 'v1', ip: '192.0.2.99' }, last);
  if (Number(answer.headers['x-gotrack-accepted']) > 0) await storedOf(instance, last, 1);
  const all = await eventsWhen(instance.app.logPath, () => true);
  for (const [id, count] of ids) {
    const stored = all.filter(({ server }) => server.request_id === id);
    assert.equal(stored.length, count, JSON.stringify(stored));
  }
}

/** `id` is the request's. */
export async function send({ app }: Instance, sent: Sent, id: string) {
  const { method = 'POST', path = '/page', headers = [], ip = IP, type = 'application/json' } = sent;
  const body =
    typeof sent.body === 'string' || Buffer.isBuffer(sent.body) ? sent.body : JSON.stringify(sent.body);
  const lines = [`${method} ${path} HTTP/1.1`, 'Connection: close', `X-Request-Id: ${id}`];
  if (ip !== '') lines.push(`X-Forwarded-For: ${ip}`);
  if (!headers.some((line) => /^host:/i.test(line))) lines.push('Host: shop.test');
  const signature = signatureOf(sent, { path, body: body ?? '', ip });
  if (signature !== null) lines.push(`X-GoTrack-HMAC: ${signature}`);
  if (type !== null && body !== undefined) lines.push(`Content-Type: ${type}`);
  if (body !== undefined || method === 'POST') lines.push(`Content-Length: ${Buffer.byteLength(body ?? '')}`);
  return exchange(
    app.port,
    Buffer.concat([
      Buffer.from([...lines, ...headers, '', ''].join('\r\n'), 'latin1'),
      Buffer.from(body ?? ''),
    ]),
  );
}

function signatureOf(
  { signed }: Sent,
  request: { path: string; body: string | Buffer; ip: string },
): string | null {
  if (signed === undefined) return null;
  if (signed === 'hello') return 'hello';
  if (signed === 'bare') return bare(request.body, { ip: request.ip });
  const { by: _, ...more } = signed === 'v1' ? { by: signed } : signed;
  return v1({ ...request, ipKey: request.ip, ...more });
}
