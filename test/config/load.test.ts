import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FIELDS, type Field, settingsOf } from '../../src/config/fields.ts';
import { loadConfig, type Sources } from '../../src/config/load.ts';
import { LOG_OUTPUT } from '../../src/config/outputs.ts';
import { flagOf } from '../../src/config/settings.ts';
import { makeCertificate } from '../support/certificate.ts';
import { findProgram, skipFor } from '../support/needs.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
const ENOUGH = { FORWARD_DESTINATION: 'http://127.0.0.1:3000', HMAC_SECRET: SECRET };

function load(env: Record<string, string> = ENOUGH, others: Partial<Omit<Sources, 'env'>> = {}) {
  const readFile = (path: string): string => {
    throw new Error(`ENOENT: no such file, open '${path}'`);
  };
  return loadConfig({ env, flags: {}, readFile, now: Date.now, ...others });
}

/** The problems as a person reads them. */
function problems(...args: Parameters<typeof load>): string[] {
  const loaded = load(...args);
  assert.ok(!loaded.ok, 'a configuration that cannot be used');
  return loaded.problems.map(({ name, message }) => `${name} ${message}`);
}

function config(...args: Parameters<typeof load>) {
  const loaded = load(...args);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.config;
}

test('an origin and a secret are enough; all else has the seed’s defaults', () => {
  const loaded = config();
  assert.deepEqual(loaded.serverAddr, { host: undefined, port: 19_890 });
  assert.equal(loaded.trustProxy, false);
  assert.equal(loaded.maxBodyBytes, 2 ** 20);
  assert.deepEqual(loaded.outputs, [LOG_OUTPUT]);
  assert.equal(loaded.batchSize, 100);
  assert.equal(loaded.flushIntervalMs, 250);
  assert.equal(loaded.logPath, './events.ndjson');
  assert.equal(loaded.logRotateMb, 100);
  assert.equal(loaded.metricsEnabled, false);
  assert.deepEqual(loaded.metricsAddr, { host: '127.0.0.1', port: 9090 });
  assert.equal(loaded.hmacSecrets, undefined);
  assert.equal(loaded.drainMs, 8_000);
});

test('every default of the table is what its own parser takes', () => {
  for (const field of Object.values<Field>(FIELDS)) {
    if (field.default !== undefined) assert.ok(field.parse(field.default).ok, field.name);
  }
});

test('every row has a name of its own, and so has every flag', () => {
  const fields = Object.values<Field>(FIELDS);
  assert.equal(new Set(fields.map(({ name }) => name)).size, fields.length);
  assert.equal(new Set(fields.map(flagOf)).size, fields.length);
  for (const { name } of fields) assert.match(name, /^[A-Z][A-Z_]*[A-Z]$/);
});

test('a labelled output reads its own variables and flags, and the rest without the label', () => {
  const env = { ...ENOUGH, OUTPUTS: 'log,log:eu', LOG_EU_PATH: '/eu.ndjson', LOG_BACKUPS: '3' };
  const loaded = config(env, { flags: { 'log-eu-rotate-mb': '7' } });
  const [plain, eu] = loaded.outputs.map((output) => settingsOf(loaded, output));
  assert.deepEqual([plain?.logPath, plain?.logRotateMb, plain?.logBackups], ['./events.ndjson', 100, 3]);
  assert.deepEqual([eu?.logPath, eu?.logRotateMb, eu?.logBackups], ['/eu.ndjson', 7, 3]);
});

test('what a labelled output reads is checked by its own name', () => {
  const env = { ...ENOUGH, OUTPUTS: 'log:eu', LOG_EU_ROTATE_MB: 'much' };
  assert.match(problems(env).join(), /^LOG_EU_ROTATE_MB got "much", expected a whole number/);
});

test('two outputs never write one file', () => {
  assert.match(problems({ ...ENOUGH, OUTPUTS: 'log,log:eu' }).join(), /^OUTPUTS log and log:eu would write/);
});

test('flags win over the environment', () => {
  const loaded = config({ ...ENOUGH, DRAIN_MS: '1' }, { flags: { 'drain-ms': '2', 'log-path': 'stdout' } });
  assert.equal(loaded.drainMs, 2);
  assert.equal(loaded.logPath, 'stdout');
});

test('an empty variable is an unset one', () => {
  assert.equal(config({ ...ENOUGH, DRAIN_MS: '' }).drainMs, 8_000);
});

test('without an origin and a secret, both are asked for, with the cure', () => {
  assert.deepEqual(problems({}), [
    'HMAC_SECRET is required; make one with: openssl rand -hex 32',
    'FORWARD_DESTINATION is required: the address of the site behind us, such as http://127.0.0.1:3000',
  ]);
});

test('all problems come at once, each with its name, what it got and what is expected', () => {
  const env = {
    FORWARD_DESTINATION: 'localhost:3000',
    HMAC_SECRET: 'short',
    SERVER_ADDR: '8080',
    MAX_BODY_BYTES: 'lots',
    CONSENT: 'maybe',
  };
  assert.deepEqual(problems(env, { flags: { 'drain-ms': '-1' } }), [
    'SERVER_ADDR got "8080", expected host:port or :port, such as 127.0.0.1:8080',
    'DRAIN_MS got "-1", expected a whole number from 0 to 600000',
    'FORWARD_DESTINATION got "localhost:3000", expected http://host[:port][/base], https://… or unix:/path/of.sock, without user, query or fragment',
    'HMAC_SECRET expected at least 32 characters (this one has 5); make one with: openssl rand -hex 32',
    'MAX_BODY_BYTES got "lots", expected a size from 1024 to 67108864 bytes, such as 65536, 64K or 1GiB',
    'CONSENT got "maybe", expected one of optional, required',
  ]);
});

test('no secret and no password is ever shown', () => {
  const env = {
    FORWARD_DESTINATION: 'http://admin:hunter2@app',
    HMAC_SECRET: 'hunter2',
    HMAC_SECRETS: 'A:hunter2',
    IP_HASH_SECRET: 'hunter2',
    USER_ID_SECRET: 'hunter2',
  };
  const found = problems(env, { flags: { 'ip-hash-secret': 'hunter2' } });
  assert.equal(found.length, 5);
  assert.ok(!found.join().includes('hunter2'), found.join('\n'));
});

// Secrets

test('a secret may stand in the file that NAME_FILE names, whose last line end does not count', () => {
  const env = { FORWARD_DESTINATION: 'http://a', HMAC_SECRET_FILE: '/run/secrets/hmac' };
  const readFile = (path: string) => (path === '/run/secrets/hmac' ? `${SECRET}\n` : '');
  assert.equal(config(env, { readFile }).hmacSecret, SECRET);
});

test('a secret and its file are one too many', () => {
  assert.deepEqual(problems({ ...ENOUGH, HMAC_SECRET_FILE: '/x' }), [
    'HMAC_SECRET is set, and so is HMAC_SECRET_FILE: unset one of them',
  ]);
});

test('a file that cannot be read is named', () => {
  const [problem, ...others] = problems({ FORWARD_DESTINATION: 'http://a', HMAC_SECRET_FILE: '/x' });
  assert.equal(problem, "HMAC_SECRET HMAC_SECRET_FILE cannot be read: ENOENT: no such file, open '/x'");
  assert.deepEqual(others, []);
});

test('a file that holds too little is refused like a variable', () => {
  const env = { FORWARD_DESTINATION: 'http://a', HMAC_SECRET_FILE: '/x' };
  assert.match(problems(env, { readFile: () => '\n' })[0]!, /^HMAC_SECRET expected at least 32 characters/);
});

test('only secrets are read from files', () => {
  const loaded = load({ ...ENOUGH, LOG_PATH_FILE: '/x' });
  assert.ok(loaded.ok);
  assert.equal(loaded.config.logPath, './events.ndjson');
});

test('a secret as a flag is refused, since other users can read it', () => {
  const found = problems({ FORWARD_DESTINATION: 'http://a' }, { flags: { 'hmac-secret': SECRET } });
  assert.deepEqual(found, [
    'HMAC_SECRET is a secret and other users can read flags: set HMAC_SECRET or HMAC_SECRET_FILE',
  ]);
});

test('HMAC_SECRETS stands in for HMAC_SECRET', () => {
  const env = { FORWARD_DESTINATION: 'http://a', HMAC_SECRETS: `b:${SECRET},0:${SECRET}` };
  assert.deepEqual(
    config(env).hmacSecrets?.map(({ kid }) => kid),
    ['b', '0'],
  );
});

test('HMAC_SECRET and HMAC_SECRETS are one too many, with the way to rotate', () => {
  const [problem] = problems({ ...ENOUGH, HMAC_SECRETS: `b:${SECRET}` });
  assert.match(problem!, /^HMAC_SECRETS is set, and so is HMAC_SECRET: .*'0:…'/);
});

// Slips

const SLIPS: [name: string, warning: string | undefined][] = [
  ['GOTRACK_HMAC_SECRET', 'GOTRACK_HMAC_SECRET is no variable of ours; did you mean HMAC_SECRET?'],
  ['GOTRACK_SERVER_ADDRESS', 'GOTRACK_SERVER_ADDRESS is no variable of ours; did you mean SERVER_ADDR?'],
  ['GOTRACK_NONSENSE_OF_A_KIND', 'GOTRACK_NONSENSE_OF_A_KIND is no variable of ours'],
  ['FORWARD_DESTINATON', 'FORWARD_DESTINATON is no variable of ours; did you mean FORWARD_DESTINATION?'],
  ['TRUST_PROXYS', 'TRUST_PROXYS is no variable of ours; did you mean TRUST_PROXY?'],
  ['OUTPUT', 'OUTPUT is no variable of ours; did you mean OUTPUTS?'],
  ['LOGLEVEL', 'LOGLEVEL is no variable of ours; did you mean LOG_LEVEL?'],
  ['HMAC_SECRET_FLIE', 'HMAC_SECRET_FLIE is no variable of ours; did you mean HMAC_SECRET_FILE?'],
  ['PATH', undefined],
  ['HOME', undefined],
  ['PORT', undefined],
  ['LANG', undefined],
  ['NODE_ENV', undefined],
  ['KUBERNETES_SERVICE_HOST', undefined],
  ['HTTP_PROXY', undefined],
];
for (const [name, warning] of SLIPS) {
  test(`a name that is none of ours: ${name}`, () => {
    const loaded = load({ ...ENOUGH, [name]: 'x' });
    assert.ok(loaded.ok);
    assert.deepEqual(loaded.warnings, warning === undefined ? [] : [warning]);
  });
}

test('warnings come with problems too', () => {
  const loaded = load({ GOTRACK_X: '1' });
  assert.ok(!loaded.ok);
  assert.equal(loaded.warnings.length, 1);
});

test('a flag that is none of ours is a problem, with the nearest that is', () => {
  assert.deepEqual(problems(ENOUGH, { flags: { 'log-pth': 'x', nonsense: 'true', 'hmac-secrt': 'x' } }), [
    '--log-pth is no flag of ours; did you mean --log-path?',
    '--nonsense is no flag of ours',
    '--hmac-secrt is no flag of ours',
  ]);
});

test('TLS that is asked for and not spoken is a problem, never plain HTTP in its place', () => {
  assert.match(problems({ ...ENOUGH, METRICS_REQUIRE_TLS: 'true' })[0]!, /^METRICS_REQUIRE_TLS .*no TLS/);
  assert.ok(load({ ...ENOUGH, METRICS_REQUIRE_TLS: 'false' }).ok);
});

/** As `load` with ENABLE_HTTPS and these files. */
function loadHttps(files: Record<string, string>, others: Partial<Sources> = {}) {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return text;
  };
  return load({ ...ENOUGH, ENABLE_HTTPS: 'true' }, { readFile, ...others });
}

/** What is said of these files, a line each. */
function httpsProblems(files: Record<string, string>): string[] {
  const loaded = loadHttps(files);
  assert.ok(!loaded.ok);
  return loaded.problems.map(({ name, message }) => `${name} ${message}`);
}

function twoPairs(t: TestContext) {
  const openssl = findProgram('openssl');
  if (skipFor(t, openssl === null ? 'no openssl here' : null)) return null;
  return [makeCertificate(openssl!, 'DNS:a.test'), makeCertificate(openssl!, 'DNS:b.test')] as const;
}

test('without ENABLE_HTTPS no certificate is looked for', () => {
  assert.equal(config().keyPair, undefined);
});

test('with ENABLE_HTTPS the certificate and its key are read', (t) => {
  const pairs = twoPairs(t);
  if (pairs === null) return;
  const loaded = loadHttps({ 'server.crt': pairs[0].cert, 'server.key': pairs[0].key });
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.config.keyPair, { cert: pairs[0].cert.trim(), key: pairs[0].key.trim() });
  assert.deepEqual(loaded.warnings, []);
});

test('what is wrong with the two files is said with the variable that names the file', (t) => {
  const pairs = twoPairs(t);
  if (pairs === null) return;
  const [{ cert, key }, other] = pairs;
  assert.deepEqual(httpsProblems({}), [
    "SSL_CERT_FILE the file server.crt cannot be read: ENOENT: no such file or directory, open 'server.crt'",
    "SSL_KEY_FILE the file server.key cannot be read: ENOENT: no such file or directory, open 'server.key'",
  ]);
  const said = (files: Record<string, string>) => httpsProblems(files).join();
  assert.match(
    said({ 'server.crt': cert, 'server.key': other.key }),
    /^SSL_KEY_FILE server.key is not the key of/,
  );
  assert.match(
    said({ 'server.crt': key, 'server.key': key }),
    /^SSL_CERT_FILE server.crt holds no certificate/,
  );
  assert.match(
    said({ 'server.crt': cert, 'server.key': cert }),
    /^SSL_KEY_FILE server.key holds no unencrypted/,
  );
  const authorities = { 'server.crt': cert.repeat(11), 'server.key': key };
  assert.match(said(authorities), /^SSL_CERT_FILE server.crt is a list of authorities, .*: name your own/);
  const badChain = `${cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
  assert.match(
    said({ 'server.crt': badChain, 'server.key': key }),
    /^SSL_CERT_FILE server.crt cannot be used/,
  );
});

test('an expired certificate is a warning: the site is better served than not', (t) => {
  const pairs = twoPairs(t);
  if (pairs === null) return;
  const files = { 'server.crt': pairs[0].cert, 'server.key': pairs[0].key };
  const loaded = loadHttps(files, { now: () => Date.now() + 10 * 86_400_000 });
  assert.ok(loaded.ok);
  assert.match(
    loaded.warnings.join(),
    /^SSL_CERT_FILE: the certificate in server.crt expired on \d{4}-.*: renew it$/,
  );
});

test('the certificate for the origin and its key come together, readable, and belong together', (t) => {
  const openssl = findProgram('openssl');
  if (skipFor(t, openssl === null ? 'no openssl here' : null)) return;
  const [one, other] = [makeCertificate(openssl!, 'DNS:a.test'), makeCertificate(openssl!, 'DNS:b.test')];
  const files: Record<string, string> = { cert: one.cert, key: one.key, other: other.key, text: 'no PEM' };
  const withFiles = (env: Record<string, string>) =>
    [{ ...ENOUGH, ...env }, { readFile: (path: string) => files[path]! }] as const;
  const loaded = config(...withFiles({ ORIGIN_CERT: 'cert', ORIGIN_KEY: 'key' }));
  assert.equal(loaded.originCert, one.cert.trim());
  assert.equal(loaded.originKey, one.key.trim());
  const wrong: [env: Record<string, string>, problem: RegExp][] = [
    [{ ORIGIN_CERT: 'cert' }, /^ORIGIN_KEY is not set, and ORIGIN_CERT is: set both or neither$/],
    [{ ORIGIN_KEY: 'key' }, /^ORIGIN_CERT is not set, and ORIGIN_KEY is: set both or neither$/],
    [{ ORIGIN_CERT: 'cert', ORIGIN_KEY: 'other' }, /^ORIGIN_KEY is not the key of .* ORIGIN_CERT/],
    [{ ORIGIN_CERT: 'cert', ORIGIN_KEY: 'text' }, /^ORIGIN_KEY expected a file with a private key in PEM/],
    [{ ORIGIN_CERT: 'text', ORIGIN_KEY: 'key' }, /^ORIGIN_CERT expected a file with certificates in PEM/],
  ];
  for (const [env, problem] of wrong) {
    const found = problems(...withFiles(env));
    assert.equal(found.length, 1, found.join());
    assert.match(found[0]!, problem);
    assert.doesNotMatch(found[0]!, /PRIVATE KEY|no PEM/);
  }
});
