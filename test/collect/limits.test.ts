/** Every limit, and what passes it by one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Envelope } from '../../src/event/envelope.ts';
import { cpuMs } from '../lib/cpu-time.ts';
import { createRig, type Rig } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';

let rig: Rig;
before(async () => {
  rig = await createRig();
});
after(() => rig.close());

const x = (count: number) => 'x'.repeat(count);
const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

async function accepted(event: unknown): Promise<Envelope> {
  const answer = await rig.post(event);
  assert.equal(answer.json.accepted, 1, answer.body);
  assert.deepEqual(problemsOf(rig.events.at(-1)), []);
  return rig.events.at(-1)!;
}

async function refused(event: unknown, reason: string, field?: string): Promise<void> {
  const { status, json } = await rig.post(event);
  assert.deepEqual([status, json.error, json.field], [400, reason, field]);
}

describe('limits of the body', () => {
  test('100 events, not 101', async () => {
    assert.equal((await rig.post(Array(100).fill({ type: 'a' }))).json.accepted, 100);
    await refused(Array(101).fill({ type: 'a' }), 'too-many-events');
    await refused(`[${Array(101).fill('{"type":"a","props":{"l":[1,2,3]}}')}]`, 'too-many-events');
  });

  test('depth 32, not 33, the outermost value being 1', async () => {
    await accepted({ type: 'a', props: nested(31) });
    await refused({ type: 'a', props: nested(32) }, 'too-deep');
    await accepted([{ type: 'a', props: nested(30) }]);
    await refused([{ type: 'a', props: nested(31) }], 'too-deep');
  });

  test('brackets in texts are no depth, and commas in texts no events', async () => {
    await accepted({ type: 'a', props: { a: '[{'.repeat(500), b: '\\"[[', c: `"${'['.repeat(40)}` } });
    assert.equal((await rig.post([{ type: 'a', props: { a: ','.repeat(200) } }])).json.accepted, 1);
  });

  test('invalid UTF-8 is refused', async () => {
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      await refused(
        Buffer.concat([Buffer.from('{"type":"'), Buffer.from(bytes), Buffer.from('"}')]),
        'not-utf8',
      );
    }
    assert.deepEqual((await accepted({ type: 'a', props: { a: 'äöü€😀' } })).payload, {
      props: { a: 'äöü€😀' },
    });
  });

  for (const text of [
    '',
    ' ',
    '{',
    '}',
    '[',
    '{"type":"a"}x',
    "{'type':'a'}",
    '{"type":"a",}',
    '[{"type":"a"},]',
    '\ufeff{"type":"a"}',
    'NaN',
    '{"type":"\n"}',
  ]) {
    test(`${JSON.stringify(text)} is no JSON`, () => refused(text, 'not-json'));
  }
});

describe('limits of an event', () => {
  test('a text of 8,192 characters', async () => {
    await accepted({ type: 'a', device: { gpu: x(8_192) } });
    await refused({ type: 'a', device: { gpu: x(8_193) } }, 'string-too-long', 'payload.device.gpu');
    await refused({ type: 'a', results: { a: { b: x(8_193) } } }, 'string-too-long', 'payload.results.a');
    await refused(
      { type: 'a', url: { utm: { a: x(9_000) } }, experiments: { a: x(8_193) } },
      'string-too-long',
      'payload.experiments',
    );
    await refused(
      { type: 'a', device: { languages: ['de', x(8_193)] } },
      'string-too-long',
      'payload.device.languages',
    );
    await refused({ type: 'a', event_id: x(8_193) }, 'string-too-long', 'event_id');
  });

  test('a key of 128 characters', async () => {
    await accepted({ type: 'a', props: { [x(128)]: 1 } });
    await refused({ type: 'a', props: { [x(129)]: 1 } }, 'key-too-long', `payload.props.${x(129)}`);
    await refused({ type: 'a', results: { a: { [x(129)]: 1 } } }, 'key-too-long', 'payload.results.a');
    await refused({ type: 'a', experiments: { [x(129)]: 'b' } }, 'key-too-long', 'payload.experiments');
    await refused({ type: 'a', [x(129)]: 1 }, 'key-too-long', `payload.props.${x(129)}`);
  });

  test('a list of 256', async () => {
    await accepted({ type: 'a', props: { a: Array(256).fill(1) } });
    await refused({ type: 'a', props: { a: Array(257).fill(1) } }, 'array-too-long', 'payload.props.a');
    await refused({ type: 'a', results: { a: [Array(257).fill(1)] } }, 'array-too-long', 'payload.results.a');
    await accepted({ type: 'a', device: { languages: Array(256).fill('de') } });
    await refused(
      { type: 'a', device: { languages: Array(257).fill('de') } },
      'array-too-long',
      'payload.device.languages',
    );
    await refused(
      { type: 'a', device: { screens: Array(257).fill({ width: 1 }) } },
      'array-too-long',
      'payload.device.screens',
    );
  });

  test('custom properties of 4 KB serialised', async () => {
    const rest = 4_096 - '{"a":""}'.length;
    await accepted({ type: 'a', props: { a: x(rest) } });
    await refused({ type: 'a', props: { a: x(rest + 1) } }, 'props-too-large', 'payload.props');
    await accepted({ type: 'a', props: { a: 'ä'.repeat(rest / 2) } });
    await refused({ type: 'a', props: { a: 'ä'.repeat(rest / 2 + 1) } }, 'props-too-large', 'payload.props');
    await refused({ type: 'a', props: { a: '"'.repeat(rest / 2 + 1) } }, 'props-too-large', 'payload.props');
    await refused({ type: 'a', props: { a: '\u0001'.repeat(700) } }, 'props-too-large', 'payload.props');
    await refused({ type: 'a', props: { a: Array(256).fill(x(20)) } }, 'props-too-large', 'payload.props');
  });

  test('signals of 16 KB serialised', async () => {
    const half = (16_384 - '{"a":"","b":""}'.length) / 2;
    await accepted({ type: 'signals', results: { a: x(Math.floor(half)), b: x(Math.floor(half)) } });
    await refused(
      { type: 'signals', results: { a: x(8_192), b: x(8_192) } },
      'results-too-large',
      'payload.results',
    );
  });

  test('what is left out takes no room', async () => {
    const empty = (value: unknown) =>
      Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`empty-${i}`, value]));
    for (const value of [null, '', {}, { a: { b: null } }]) {
      const event = await accepted({ type: 'a', props: { kept: 1, ...empty(value) } });
      assert.deepEqual(event.payload, { props: { kept: 1 } });
    }
  });

  test('a number must be finite', async () => {
    await refused('{"type":"a","props":{"n":1e999}}', 'number-not-finite', 'payload.props.n');
    await refused(
      '{"type":"a","device":{"viewport_w":-1e999}}',
      'number-not-finite',
      'payload.device.viewport_w',
    );
    await refused(
      '{"type":"a","session":{"session_id":1e999}}',
      'number-not-finite',
      'payload.props.session.session_id',
    );
    assert.deepEqual((await accepted('{"type":"a","props":{"n":1e308}}')).payload, { props: { n: 1e308 } });
  });

  test('a field that is refused has a name of bounded length', async () => {
    const { json } = await rig.post({ type: 'a', props: { [x(100_000)]: 1 } });
    assert.equal(json.error, 'key-too-long');
    assert.equal(json.field?.length, 256);
  });
});

describe('a long address is no reason to lose a visit', () => {
  test('url, referrer and title are cut to 2,048 and noted', async () => {
    const long = `https://shop.test/${x(10_000)}`;
    const event = await accepted({
      type: 'pageview',
      url: { referrer: long },
      route: { title: x(3_000), canonical_url: long },
      payload: { url: long },
    });
    assert.equal(event.url?.length, 2_048);
    assert.equal(event.payload?.url?.referrer?.length, 2_048);
    assert.equal(event.payload?.route?.title?.length, 2_048);
    assert.deepEqual(event.server.adjusted?.toSorted(), ['referrer', 'title', 'url']);
  });

  test('at 2,048 nothing is cut', async () => {
    const url = `https://shop.test/${x(2_048 - 'https://shop.test/'.length)}`;
    const event = await accepted({ url, payload: { ref: url, e: 'pageview' } });
    assert.deepEqual([event.url, event.payload?.url?.referrer, event.server.adjusted], [url, url, undefined]);
  });

  test('the parts of an address are cut to 8,192', async () => {
    const event = await accepted({
      type: 'pageview',
      url: { raw_query: x(20_000), utm: { campaign: x(20_000) } },
      route: { path: `/${x(20_000)}`, fullPath: `/${x(20_000)}`, query: { a: x(20_000) } },
    });
    assert.equal(event.payload?.url?.raw_query?.length, 8_192);
    assert.equal(event.payload?.url?.utm?.campaign?.length, 8_192);
    assert.equal(event.payload?.route?.path?.length, 8_192);
    assert.deepEqual(event.server.adjusted, ['url']);
  });

  test('what scrubbing makes longer is cut too', async () => {
    const mails = 'a@b.cd '.repeat(1_100);
    const event = await accepted({
      type: 'pageview',
      url: { raw_query: mails, utm: { content: mails } },
      route: { path: `/${mails}`, query: { q: mails } },
    });
    const { url, route } = event.payload!;
    for (const text of [url?.raw_query, url?.utm?.content, route?.path, route?.query?.q]) {
      assert.equal(text?.length, 8_192);
    }
  });

  test('no character is cut in half', async () => {
    const event = await accepted({ type: 'pageview', route: { title: `${x(2_047)}😀` } });
    assert.equal(event.payload?.route?.title, x(2_047));
  });

  test('a secret at the cut does not come through in half', async () => {
    const event = await accepted({ type: 'pageview', route: { title: `${x(2_035)} bob@example.com` } });
    assert.equal(event.payload?.route?.title?.includes('bob'), false);
  });
});

describe('what no database takes is mended', () => {
  test('NUL and halves of characters become U+FFFD, in values and in keys', async () => {
    const text =
      '{"type":"a","route":{"title":"a\\u0000b\\ud800c"},"props":{"k\\u0000":"\\udc00","e":"\\ud83d\\ude00"},"event_id":"x\\u0000"}';
    const event = await accepted(text);
    assert.equal(event.payload?.route?.title, 'a\ufffdb\ufffdc');
    assert.deepEqual(event.payload?.props, { 'k\ufffd': '\ufffd', e: '😀' });
    assert.equal(event.server.client_event_id, 'x\ufffd');
  });

  test('no key and no text is too long once it is mended', async () => {
    await accepted(`{"type":"a","props":{"${'\\u0000'.repeat(128)}":1}}`);
  });
});

describe('hostile bodies', () => {
  const bodies: [string, string | Buffer, number][] = [
    ['200,000 lists deep', '['.repeat(200_000), 400],
    ['200,000 objects deep', '{"a":'.repeat(200_000), 400],
    ['200,000 nulls', `[${Array(200_000).fill('null').join()}]`, 400],
    ['200,000 nulls in an event', `{"type":"a","props":{"a":[${Array(200_000).fill('null').join()}]}}`, 400],
    ['a body over the bound', x(2 ** 20 + 1), 413],
    ['100,000 keys', `{"type":"a",${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join()}}`, 400],
    ['a million backslashes', `{"type":"${'\\\\'.repeat(500_000)}"}`, 400],
    ['a million quotes', `{"type":${'"'.repeat(1_000_000)}`, 400],
  ];
  for (const [name, body, status] of bodies) {
    test(`${name}: ${status} soon`, async () => {
      const header = 'warm-up';
      await rig.post(body, { header });
      const started = cpuMs();
      const answer = await rig.post(body);
      assert.equal(answer.status, status);
      assert.ok(cpuMs() - started < 250, 'ten times what is promised, with the client in the same process');
    });
  }
});
