import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createCertificateReload } from '../../src/app/certificate-reload.ts';
import type { KeyPair } from '../../src/config/certificate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { nodeFs } from '../../src/lib/fs.ts';
import { makeCertificate } from '../support/certificate.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { until } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';

/** Two pairs, files that hold the first, and a reload that looks when it is told to. */
function begin(t: TestContext, { everyMs = 1_000_000, now = systemClock.now } = {}) {
  const openssl = findProgram('openssl');
  if (skipFor(t, openssl === null ? 'no openssl here' : null)) return null;
  const [first, second] = ['DNS:first.test', 'DNS:second.test'].map((name) =>
    makeCertificate(openssl!, name),
  );
  const folder = tempFolder();
  const certFile = join(folder.path, 'cert.pem');
  const keyFile = join(folder.path, 'key.pem');
  const write = ({ cert, key }: Partial<KeyPair>) => {
    if (cert !== undefined) writeFileSync(certFile, cert);
    if (key !== undefined) writeFileSync(keyFile, key);
  };
  write(first!);
  const used: KeyPair[] = [];
  const warnings: string[] = [];
  const keyPair = { cert: first!.cert.trim(), key: first!.key.trim() };
  const reload = createCertificateReload(
    { certFile, keyFile, keyPair, everyMs },
    {
      fs: nodeFs,
      clock: { ...systemClock, now },
      log: {
        info: () => {},
        warn: (fields: object) => void warnings.push((fields as { reason: string }).reason),
      },
      use: (pair) => void used.push(pair),
    },
  );
  t.after(() => {
    reload.stop();
    folder.remove();
  });
  return {
    first: first!,
    second: second!,
    folder: folder.path,
    certFile,
    keyFile,
    write,
    used,
    warnings,
    reload,
  };
}

test('files that did not change change nothing', async (t) => {
  const started = begin(t);
  if (started === null) return;
  await started.reload.look();
  assert.deepEqual(started.used, []);
  assert.deepEqual(started.warnings, []);
});

test('a new pair is used, once', async (t) => {
  const started = begin(t);
  if (started === null) return;
  started.write(started.second);
  await started.reload.look();
  await started.reload.look();
  assert.deepEqual(
    started.used.map(({ cert }) => cert),
    [started.second.cert.trim()],
  );
});

test('a change is found without being told', async (t) => {
  const started = begin(t, { everyMs: 20 });
  if (started === null) return;
  started.write(started.second);
  await until(() => started.used.length === 1, 'the new pair');
});

test('a half-written pair keeps the one before, with one warning that says why; the rest completes it', async (t) => {
  const started = begin(t);
  if (started === null) return;
  started.write({ cert: started.second.cert });
  await started.reload.look();
  await started.reload.look();
  assert.deepEqual(started.used, []);
  assert.deepEqual(started.warnings, [
    `${started.keyFile} is not the key of the certificate in SSL_CERT_FILE`,
  ]);
  started.write({ key: started.second.key });
  await started.reload.look();
  assert.equal(started.used.length, 1);
});

for (const [what, cert, warning] of [
  ['cut', '-----BEGIN CERTIFICATE-----\nMIIB', /holds no certificate/],
  ['empty', '', /holds no certificate/],
] as const) {
  test(`a file that is ${what} keeps the one before`, async (t) => {
    const started = begin(t);
    if (started === null) return;
    started.write({ cert });
    await started.reload.look();
    assert.deepEqual(started.used, []);
    assert.match(started.warnings[0]!, warning);
  });
}

test('a file that is gone keeps the one before', async (t) => {
  const started = begin(t);
  if (started === null) return;
  renameSync(started.certFile, `${started.certFile}.away`);
  await started.reload.look();
  assert.deepEqual(started.used, []);
  assert.match(started.warnings[0]!, /ENOENT/);
});

test('an expired certificate is not taken in place of the one before', async (t) => {
  const started = begin(t, { now: () => Date.now() + 10 * 86_400_000 });
  if (started === null) return;
  started.write(started.second);
  await started.reload.look();
  assert.deepEqual(started.used, []);
  assert.match(started.warnings[0]!, /expired on \d{4}-/);
});

test('a swap of a link to a folder is a change: Kubernetes renews so', async (t) => {
  const started = begin(t);
  if (started === null) return;
  const { folder, second, certFile, keyFile } = started;
  for (const [name, pair] of [
    ['..1', started.first],
    ['..2', second],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'cert.pem'), pair.cert);
    writeFileSync(join(folder, name, 'key.pem'), pair.key);
  }
  symlinkSync('..1', join(folder, '..data'));
  for (const [path, name] of [
    [certFile, 'cert.pem'],
    [keyFile, 'key.pem'],
  ] as const) {
    symlinkSync(join('..data', name), `${path}.link`);
    renameSync(`${path}.link`, path);
  }
  await started.reload.look();
  assert.deepEqual(started.used, []);
  symlinkSync('..2', join(folder, '..next'));
  renameSync(join(folder, '..next'), join(folder, '..data'));
  await started.reload.look();
  assert.equal(started.used.length, 1);
});
