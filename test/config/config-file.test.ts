/** The configuration file: the environment's variables in YAML, under flags and environment. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settingsOf } from '../../src/config/fields.ts';
import { loadConfig, type Sources } from '../../src/config/load.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
const ENOUGH = `forward_destination: http://127.0.0.1:3000\nhmac_secret: ${SECRET}\n`;

type Set = { env?: Record<string, string>; flags?: Record<string, string>; files?: Record<string, string> };

function load(yaml: string, { env = {}, flags = {}, files = {} }: Set = {}) {
  const all: Record<string, string> = { 'gotrack.yaml': yaml, ...files };
  const readFile = (path: string): string => {
    const text = all[path];
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return text;
  };
  const sources: Sources = {
    env: { GOTRACK_CONFIG: 'gotrack.yaml', ...env },
    flags,
    readFile,
    now: Date.now,
  };
  return loadConfig(sources);
}

function config(...args: Parameters<typeof load>) {
  const loaded = load(...args);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.warnings, []);
  return loaded.config;
}

function problems(...args: Parameters<typeof load>): string[] {
  const loaded = load(...args);
  assert.ok(!loaded.ok, 'a configuration that cannot be used');
  return loaded.problems.map(({ name, message }) => `${name} ${message}`);
}

describe('a file', () => {
  test('is enough', () => {
    const loaded = config(`# the shop
${ENOUGH}
SERVER_ADDR: 127.0.0.1:8080
enable-https: false
max_body_bytes: 256K
drain_ms: 1500
trust_proxy: [10.0.0.0/8, '::1']
inject_paths:
  - /shop/**
  - /blog/**
log_path:
`);
    assert.deepEqual(loaded.serverAddr, { host: '127.0.0.1', port: 8080 });
    assert.equal(loaded.maxBodyBytes, 262_144);
    assert.equal(loaded.drainMs, 1500);
    assert.deepEqual(loaded.trustProxy, ['10.0.0.0/8', '::1']);
    assert.deepEqual(loaded.injectPaths, ['/shop/**', '/blog/**']);
    assert.equal(loaded.logPath, './events.ndjson', 'a name without a value sets nothing');
  });

  test('is named by the flag too, which wins over the variable', () => {
    const files = { 'other.yaml': `${ENOUGH}drain_ms: 7\n` };
    assert.equal(config('drain_ms: 8', { flags: { config: 'other.yaml' }, files }).drainMs, 7);
  });

  test('stands under the environment, and that under flags', () => {
    const yaml = `${ENOUGH}drain_ms: 1\nbatch_size: 1\nflush_interval_ms: 1\n`;
    const env = { BATCH_SIZE: '2', FLUSH_INTERVAL_MS: '2', LOG_PATH: '' };
    const loaded = config(yaml, { env, flags: { 'flush-interval-ms': '3' } });
    assert.deepEqual([loaded.drainMs, loaded.batchSize, loaded.flushIntervalMs], [1, 2, 3]);
  });

  test('that is empty sets nothing', () => {
    for (const yaml of ['', '# nothing yet\n', '---\n']) {
      const env = { FORWARD_DESTINATION: 'http://a', HMAC_SECRET: SECRET };
      assert.equal(config(yaml, { env }).drainMs, 8_000);
    }
  });

  test('texts are texts: a secret of digits and a number with a zero before it stay as they are', () => {
    const digits = '0123456789'.repeat(4);
    const loaded = config(
      `forward_destination: http://a\nhmac_secret: ${digits}\nlog_path: 007\nuser_id_secret: "${'#'.repeat(32)}"\n`,
    );
    assert.equal(loaded.hmacSecret, digits);
    assert.equal(loaded.logPath, '007');
    assert.equal(loaded.userIdSecret, '#'.repeat(32));
  });

  test('a secret may stand in a file of its own', () => {
    const yaml = 'forward_destination: http://a\nhmac_secret_file: /run/secrets/hmac\n';
    assert.equal(config(yaml, { files: { '/run/secrets/hmac': `${SECRET}\n` } }).hmacSecret, SECRET);
  });

  test('a secret of the environment wins over a file that the configuration file names', () => {
    const yaml = 'forward_destination: http://a\nhmac_secret_file: /nowhere\n';
    assert.equal(config(yaml, { env: { HMAC_SECRET: SECRET } }).hmacSecret, SECRET);
  });

  test('a sink of a name of its own has variables here too', () => {
    const loaded = config(`${ENOUGH}outputs: [log, log:audit]\nlog_audit_path: ./audit.ndjson\n`);
    assert.deepEqual(
      loaded.outputs.map(({ name }) => name),
      ['log', 'log:audit'],
    );
    assert.equal(settingsOf(loaded, loaded.outputs[1]!).logPath, './audit.ndjson');
  });

  test('secrets for rotation may be a list', () => {
    const yaml = `forward_destination: http://a\nhmac_secrets:\n  - b:${SECRET}-new\n  - 0:${SECRET}\n`;
    assert.deepEqual(
      config(yaml).hmacSecrets?.map(({ kid }) => kid),
      ['b', '0'],
    );
  });
});

describe('what is wrong with a file is said, and nothing of what stands in it', () => {
  const cases: [string, string, string][] = [
    [
      'a name that is a slip',
      'drain_mss: 1',
      'drain_mss stands in the configuration file and is no variable of ours; did you mean drain_ms?',
    ],
    [
      'a name that is nobody’s',
      'colour: red',
      'colour stands in the configuration file and is no variable of ours',
    ],
    [
      'a promise of safety that this version does not keep',
      'metrics_require_tls: true',
      'metrics_require_tls stands in the configuration file and is no variable of ours',
    ],
    ['a group', 'log: {path: hunter2}', 'log stands in the configuration file and is no variable of ours'],
    [
      'a group under a name of ours',
      'log_path: {path: hunter2}',
      'log_path in gotrack.yaml is no text, number or list',
    ],
    ['a list of lists', 'trust_proxy: [[hunter2]]', 'trust_proxy in gotrack.yaml is no text, number or list'],
    ['one name in two spellings', 'drain_ms: 1\nDRAIN_MS: 2', 'DRAIN_MS is in gotrack.yaml twice'],
    ['one name twice', 'drain_ms: 1\ndrain_ms: 2', 'gotrack.yaml is no YAML: line 4, DUPLICATE_KEY'],
    ['no YAML', 'log_path: "hunter2', 'gotrack.yaml is no YAML: line 3, MISSING_CHAR'],
    ['a wrong value', 'drain_ms: soon', 'DRAIN_MS got "soon", expected a whole number from 0 to 600000'],
    [
      'a secret and its file',
      `hmac_secret_file: x`,
      'HMAC_SECRET is set, and so is HMAC_SECRET_FILE: unset one of them',
    ],
  ];
  for (const [name, line, said] of cases) {
    test(name, () => {
      const found = problems(`${ENOUGH}${line}\n`);
      assert.ok(found.includes(said), found.join('\n'));
      assert.equal(found.join().includes('hunter2'), false);
    });
  }

  test('a list as the whole', () => {
    assert.ok(problems('- a\n').includes('gotrack.yaml is no list of names and values'));
  });

  test('a file that is not there', () => {
    assert.match(
      problems('', { flags: { config: 'no.yaml' } })[0]!,
      /^--config the file no\.yaml cannot be read: ENOENT/,
    );
    assert.match(
      problems('', { env: { GOTRACK_CONFIG: 'no.yaml' } })[0]!,
      /^GOTRACK_CONFIG the file no\.yaml cannot/,
    );
  });

  test('references that stand for billions of values', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join()}]`,
      );
    assert.ok(problems(lines.join('\n')).includes('gotrack.yaml refers to itself too often'));
  });
});
