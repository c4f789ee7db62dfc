import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageMemory } from '../../src/inject/page-memory.ts';
import { ask, type Client, createTestRoom, HTML, headOf, type TestRoom, takeSnippet } from './harness.ts';

const pageOf = (text: string) => `<!doctype html><body>${text.repeat(5000)}</body>`;

/** A client that keeps what it was given, as a socket does until the system has taken it. */
function openKeeping(room: TestRoom) {
  const opened = ask(room);
  const given: Buffer[] = [];
  const { client } = opened;
  const data = client.data.bind(client);
  client.data = (chunk) => {
    given.push(chunk);
    return data(chunk);
  };
  return { ...opened, client: client as Client, given };
}

function send({ writer }: ReturnType<typeof openKeeping>, text: string): void {
  writer.head(headOf({ headers: HTML }));
  writer.data(Buffer.from(text));
  writer.end([]);
}

test('a page that its client has not taken yet is not written over by the next', () => {
  const room = createTestRoom();
  const slow = openKeeping(room);
  slow.client.full = true;
  send(slow, pageOf('slow '));
  for (let i = 0; i < 5; i++) send(openKeeping(room), pageOf(`fast${i} `));
  assert.equal(takeSnippet(Buffer.concat(slow.given))!.page, pageOf('slow '));
});

test('what a client took at once is memory for the next page', () => {
  const room = createTestRoom();
  const first = openKeeping(room);
  send(first, pageOf('one '));
  const second = openKeeping(room);
  send(second, pageOf('two '));
  assert.equal(second.given[0]!.buffer, first.given[0]!.buffer);
  assert.equal(takeSnippet(second.client.body)!.page, pageOf('two '));
});

test('what was on its way when its client went never becomes the page of another', () => {
  const room = createTestRoom();
  const gone = openKeeping(room);
  gone.client.full = true;
  send(gone, pageOf('gone '));
  gone.client.full = false;
  gone.exchange.clientRes.emit('close');
  for (let i = 0; i < 5; i++) send(openKeeping(room), pageOf(`next${i} `));
  assert.equal(takeSnippet(Buffer.concat(gone.given))!.page, pageOf('gone '));
});

test('memory is given back once, whatever its page comes to', () => {
  const memory = createPageMemory();
  const first = memory.take(100);
  memory.give(first);
  assert.notEqual(memory.take(100).buffer, memory.take(100).buffer);
});

test('what waits for the next page is bounded, and no page gets less than it asks for', () => {
  const memory = createPageMemory(100_000);
  const taken = [memory.take(40_000), memory.take(40_000), memory.take(200_000)];
  assert.deepEqual(
    taken.map(({ length }) => length),
    [65_536, 65_536, 262_144],
  );
  for (const one of taken) memory.give(one);
  assert.equal(memory.take(50_000), taken[0]);
  assert.notEqual(memory.take(50_000), taken[1]);
  assert.notEqual(memory.take(200_000), taken[2]);
});
