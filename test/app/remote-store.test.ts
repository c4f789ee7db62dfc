import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ToPrimary } from '../../src/app/workers/messages.ts';
import { createRemoteStore } from '../../src/app/workers/remote-store.ts';
import { turn } from '../support/event-loop.ts';

type AppendMessage = ToPrimary & { kind: 'append' };

function setUp() {
  const messages: AppendMessage[] = [];
  let close = () => {};
  const store = createRemoteStore(
    {
      send: (message) => void messages.push(message as AppendMessage),
      onClose: (listener) => {
        close = listener;
      },
    },
    () => 0,
  );
  return { store, messages, close: () => close() };
}

const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text));

describe('the store of a worker', () => {
  it('hands over in one message what came in one turn, and each append gets its own answer', async () => {
    const { store, messages } = setUp();
    const first = store.append(bytes('a', 'bc'));
    const second = store.append(bytes('def'));
    await turn();
    assert.deepEqual(
      messages.map(({ lengths, bytes: sent }) => [lengths, Buffer.from(sent).toString()]),
      [[[[1, 2], [3]], 'abcdef']],
    );
    const full = { ok: false, reason: 'full' } as const;
    store.take({ kind: 'appended', id: messages[0]!.id, outcomes: [{ ok: true }, full] });
    assert.deepEqual(await Promise.all([first, second]), [{ ok: true }, full]);
  });

  it('refuses what would be more than 16 MiB on the way, and takes it when there is room again', async () => {
    const { store, messages } = setUp();
    const large = store.append([Buffer.alloc(16 * 2 ** 20)]);
    assert.deepEqual(await store.append(bytes('x')), { ok: false, reason: 'busy' });
    await turn();
    store.take({ kind: 'appended', id: messages[0]!.id, outcomes: [{ ok: true }] });
    assert.deepEqual(await large, { ok: true });
    void store.append(bytes('x'));
    await turn();
    assert.equal(messages.length, 2);
  });

  it('promises nothing when the first process is gone', async () => {
    const { store, close } = setUp();
    const waiting = store.append(bytes('a'));
    await turn();
    close();
    assert.deepEqual(await waiting, { ok: false, reason: 'unavailable' });
    assert.deepEqual(await store.append(bytes('b')), { ok: false, reason: 'closed' });
  });

  it('says of the store what it was told last', () => {
    const { store } = setUp();
    assert.equal(store.report().journal.state, 'unavailable');
    const report = { journal: { state: 'open', used: 0.5 }, sinks: {} };
    store.learn({ fill: 0.5, report });
    assert.equal(store.fill(), 0.5);
    assert.deepEqual(store.report(), report);
  });
});
