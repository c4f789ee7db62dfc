import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { createLookupCache } from '../../../src/proxy/origin/lookup.ts';

type Answer = LookupAddress[] | Error;

function setUp() {
  const asked: string[] = [];
  const state = { now: 0, answer: [{ address: '192.0.2.1', family: 4 }] as Answer };
  const lookup = createLookupCache(
    { freshMs: 1000, staleMs: 60_000, maxNames: 2 },
    {
      monotonic: () => state.now,
      resolve: (hostname, _options, done) => {
        asked.push(hostname);
        const { answer } = state;
        queueMicrotask(() => (answer instanceof Error ? done(answer, []) : done(null, answer)));
      },
    },
  );
  const ask = (name: string) =>
    new Promise<string>((resolve, reject) => {
      lookup(name, {}, (error, address) => (error ? reject(error) : resolve(address as string)));
    });
  return { asked, state, lookup, ask };
}

test('a name is asked for once while its answer is fresh', async () => {
  const { asked, ask } = setUp();
  assert.equal(await ask('shop.test'), '192.0.2.1');
  assert.equal(await ask('shop.test'), '192.0.2.1');
  assert.deepEqual(asked, ['shop.test']);
});

test('an expired name is asked again behind the back of who connects', async () => {
  const { asked, state, ask } = setUp();
  await ask('shop.test');
  state.now = 2000;
  state.answer = [{ address: '192.0.2.2', family: 4 }];
  assert.equal(await ask('shop.test'), '192.0.2.1', 'the old answer, at once');
  assert.equal(await ask('shop.test'), '192.0.2.2');
  assert.equal(asked.length, 2);
});

test('the last answer stays in use while the name server is silent, and not for ever', async () => {
  const { state, ask } = setUp();
  await ask('shop.test');
  state.answer = Object.assign(new Error('no'), { code: 'EAI_AGAIN' });
  state.now = 30_000;
  assert.equal(await ask('shop.test'), '192.0.2.1');
  assert.equal(await ask('shop.test'), '192.0.2.1');
  state.now = 61_000;
  await assert.rejects(ask('shop.test'), { code: 'EAI_AGAIN' });
});

test('all addresses, or those of one family, as node asks for them', async () => {
  const { state, lookup } = setUp();
  state.answer = [
    { address: '2001:db8::1', family: 6 },
    { address: '192.0.2.1', family: 4 },
  ];
  const asked = (options: object) =>
    new Promise((resolve) => lookup('shop.test', options, (error, found) => resolve(error?.code ?? found)));
  assert.deepEqual(await asked({ all: true }), state.answer);
  assert.equal(await asked({ family: 4 }), '192.0.2.1');
  state.answer = [{ address: '192.0.2.1', family: 4 }];
  assert.equal(await asked({ family: 6 }), '2001:db8::1', 'the cached one');
});

test('few names are kept, the oldest goes', async () => {
  const { asked, ask } = setUp();
  for (const name of ['a.test', 'b.test', 'c.test', 'a.test']) await ask(name);
  assert.deepEqual(asked, ['a.test', 'b.test', 'c.test', 'a.test']);
});
