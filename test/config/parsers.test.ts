import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outputs } from '../../src/config/outputs.ts';
import {
  bool,
  brokers,
  bytes,
  headerNames,
  integer,
  list,
  listenAddress,
  namedSecrets,
  oneOf,
  originList,
  originUrl,
  type Parser,
  pathPrefix,
  secret,
  text,
  topicName,
  trustProxy,
} from '../../src/config/parsers.ts';

const SECRET = 's'.repeat(32);

/** What each text becomes; `REFUSED` where it is none. */
const REFUSED = Symbol('refused');
type Cases = [text: string, value: unknown][];

const at = (hostname: string, port: number, basePath = '', protocol = 'http:') => ({
  protocol,
  hostname,
  port,
  basePath,
});

const TABLE: Record<string, [Parser<unknown>, Cases]> = {
  text: [text, [['a b ', 'a b ']]],
  brokers: [
    brokers,
    [
      ['kafka', [{ host: 'kafka', port: 9092 }]],
      [
        'a.test:1, [::1]:9093 ,',
        [
          { host: 'a.test', port: 1 },
          { host: '::1', port: 9093 },
        ],
      ],
      ['', REFUSED],
      ['a:b', REFUSED],
      ['a:0', REFUSED],
      ['a:65536', REFUSED],
      ['kafka://a:9092', REFUSED],
      ['user@a:9092', REFUSED],
    ],
  ],
  topicName: [
    topicName,
    [
      ['gotrack.events', 'gotrack.events'],
      ['x'.repeat(249), 'x'.repeat(249)],
      ['x'.repeat(250), REFUSED],
      ['..', REFUSED],
      ['a b', REFUSED],
      ['', REFUSED],
    ],
  ],
  bool: [
    bool,
    [
      ['true', true],
      ['ON', true],
      ['1', true],
      ['yes', true],
      ['False', false],
      ['off', false],
      ['0', false],
      ['no', false],
      ['', REFUSED],
      ['2', REFUSED],
      ['enabled', REFUSED],
    ],
  ],
  'integer from 0 to 10': [
    integer(0, 10),
    [
      ['0', 0],
      ['10', 10],
      ['007', 7],
      ['11', REFUSED],
      ['-1', REFUSED],
      ['1.5', REFUSED],
      ['1e1', REFUSED],
      ['0x1', REFUSED],
      ['', REFUSED],
      [' 1', REFUSED],
      ['NaN', REFUSED],
    ],
  ],
  'integer from -5 to 5': [
    integer(-5, 5),
    [
      ['-5', -5],
      ['-6', REFUSED],
      ['--1', REFUSED],
    ],
  ],
  'bytes from 1 KiB to 1 GiB': [
    bytes(1024, 2 ** 30),
    [
      ['1024', 1024],
      ['1k', 1024],
      ['1KB', 1024],
      ['1 KiB', 1024],
      ['64K', 65_536],
      ['1m', 2 ** 20],
      ['1GiB', 2 ** 30],
      ['1G', 2 ** 30],
      ['1023', REFUSED],
      ['1.5M', REFUSED],
      ['2G', REFUSED],
      ['-1K', REFUSED],
      ['1T', REFUSED],
      ['K', REFUSED],
      ['', REFUSED],
      ['99999999999999999999', REFUSED],
    ],
  ],
  'one of': [
    oneOf('soft', 'strict'),
    [
      ['soft', 'soft'],
      ['Soft', REFUSED],
      ['', REFUSED],
    ],
  ],
  list: [
    list,
    [
      ['', []],
      ['a', ['a']],
      [' a , b ,, c,', ['a', 'b', 'c']],
    ],
  ],
  outputs: [
    outputs,
    [
      ['log', [{ name: 'log', kind: 'log', label: null }]],
      [
        'log, log:a',
        [
          { name: 'log', kind: 'log', label: null },
          { name: 'log:a', kind: 'log', label: 'a' },
        ],
      ],
      ['log,x', REFUSED],
      ['log,log', REFUSED],
      ['log:A', REFUSED],
      ['log:', REFUSED],
      ['log:a:b', REFUSED],
      ['', REFUSED],
    ],
  ],
  listenAddress: [
    listenAddress,
    [
      [':19890', { host: undefined, port: 19_890 }],
      ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
      ['localhost:0', { host: 'localhost', port: 0 }],
      ['[::1]:8080', { host: '::1', port: 8080 }],
      ['[::]:65535', { host: '::', port: 65_535 }],
      ['::1:80', REFUSED],
      [':65536', REFUSED],
      ['8080', REFUSED],
      ['host', REFUSED],
      ['host:', REFUSED],
      ['http://host:80', REFUSED],
      ['a b:80', REFUSED],
    ],
  ],
  originUrl: [
    originUrl,
    [
      ['http://127.0.0.1:3000', at('127.0.0.1', 3000)],
      ['http://app', at('app', 80)],
      ['http://app/', at('app', 80)],
      ['HTTPS://App.test', at('app.test', 443, '', 'https:')],
      ['https://app.test:8443/b%61se/x/', at('app.test', 8443, '/b%61se/x', 'https:')],
      ['http://app/a/../b', at('app', 80, '/a/../b')],
      ['http://[::1]:3000', at('[::1]', 3000)],
      ['unix:/run/app.sock', { ...at('localhost', 80), socketPath: '/run/app.sock' }],
      ['unix:app.sock', REFUSED],
      ['unix:/', REFUSED],
      ['app:3000', REFUSED],
      ['127.0.0.1:3000', REFUSED],
      ['ftp://app', REFUSED],
      ['http://', REFUSED],
      ['http:app', REFUSED],
      ['http:\\\\app', REFUSED],
      ['http://user:pw@app', REFUSED],
      ['http://:pw@app', REFUSED],
      ['http://app?', REFUSED],
      ['http://app/?', REFUSED],
      ['http://app/?a=1', REFUSED],
      ['http://app/#b', REFUSED],
      ['http://app/a b', REFUSED],
      ['http://app/\u00e9', REFUSED],
      [' http://app', REFUSED],
      ['http://app:0', REFUSED],
      ['http://app:99999', REFUSED],
      ['', REFUSED],
    ],
  ],
  secret: [
    secret,
    [
      [SECRET, SECRET],
      [`${SECRET}x`, `${SECRET}x`],
      ['s'.repeat(31), REFUSED],
      ['', REFUSED],
    ],
  ],
  namedSecrets: [
    namedSecrets,
    [
      [`a:${SECRET}`, [{ kid: 'a', secret: SECRET }]],
      [
        `b2:${SECRET}, 0:${SECRET}:x`,
        [
          { kid: 'b2', secret: SECRET },
          { kid: '0', secret: `${SECRET}:x` },
        ],
      ],
      [`a:${SECRET},a:${SECRET}`, REFUSED],
      [`A:${SECRET}`, REFUSED],
      [`${'k'.repeat(17)}:${SECRET}`, REFUSED],
      [`:${SECRET}`, REFUSED],
      [SECRET, REFUSED],
      ['a:short', REFUSED],
      [`a:${SECRET},`, REFUSED],
      ['', REFUSED],
    ],
  ],
  pathPrefix: [
    pathPrefix,
    [
      ['', ''],
      ['/_gt', '/_gt'],
      ['/a/b.c~d-e', '/a/b.c~d-e'],
      ['/', REFUSED],
      ['/a/', REFUSED],
      ['a', REFUSED],
      ['//a', REFUSED],
      ['/a b', REFUSED],
      ['/a?', REFUSED],
      ['/%61', REFUSED],
      ['/a/../b', REFUSED],
      ['/.', REFUSED],
    ],
  ],
  originList: [
    originList,
    [
      ['', []],
      ['https://a.test', ['https://a.test']],
      ['https://a.test, http://b.test:8080', ['https://a.test', 'http://b.test:8080']],
      ['https://a.test/', REFUSED],
      ['https://a.test:443', REFUSED],
      ['a.test', REFUSED],
      ['*', REFUSED],
      ['null', REFUSED],
    ],
  ],
  headerNames: [
    headerNames,
    [
      ['', []],
      ['CF-Connecting-IP, x-real-ip', ['cf-connecting-ip', 'x-real-ip']],
      ['x real ip', REFUSED],
      ['x-ip:', REFUSED],
    ],
  ],
  trustProxy: [
    trustProxy,
    [
      ['false', false],
      ['TRUE', true],
      ['0', false],
      ['1', 1],
      ['12', 12],
      ['10.0.0.0/8', ['10.0.0.0/8']],
      ['10.1.2.3, fd00::/8,::1', ['10.1.2.3', 'fd00::/8', '::1']],
      ['::ffff:10.0.0.1', ['::ffff:10.0.0.1']],
      ['', REFUSED],
      ['yes', REFUSED],
      ['100', REFUSED],
      ['-1', REFUSED],
      ['10.0.0', REFUSED],
      ['10.0.0.0/33', REFUSED],
      ['10.0.0.0/', REFUSED],
      ['fd00::/129', REFUSED],
      ['10.0.0.0/8/8', REFUSED],
      ['loopback', REFUSED],
      ['10.0.0.1,nonsense', REFUSED],
    ],
  ],
};

for (const [name, [parse, cases]] of Object.entries(TABLE)) {
  for (const [given, value] of cases) {
    test(`${name}: ${JSON.stringify(given)} ${value === REFUSED ? 'is refused' : 'is taken'}`, () => {
      const parsed = parse(given);
      if (value === REFUSED) {
        assert.ok(!parsed.ok && parsed.expected.length > 3);
        return;
      }
      assert.ok(parsed.ok);
      if (name === 'originUrl') assert.deepEqual(parsed.value, { ...(value as object), text: given });
      else assert.deepEqual(parsed.value, value);
    });
  }
}

test('the problem of a secret never holds the secret', () => {
  for (const parsed of [secret('tooshort-hunter2'), namedSecrets('a:hunter2'), namedSecrets('A:hunter2')]) {
    assert.ok(!parsed.ok && !parsed.expected.includes('hunter2'));
  }
});
