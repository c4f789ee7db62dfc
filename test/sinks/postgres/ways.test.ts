/** The ways to a server: TCP, TLS with its modes, a unix socket. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeCertificate } from '../../support/certificate.ts';
import { findProgram, unless } from '../../support/needs.ts';
import { ownPostgresMissing, startPostgres, type TestServer } from '../../support/postgres.ts';
import { event, idsIn, recordOf, sinkOn } from '../../support/postgres-sink.ts';
import { startRelay } from '../../support/relay.ts';
import { tempFolder } from '../../support/temp.ts';

const openssl = findProgram('openssl');
const missing = () => ownPostgresMissing() ?? (openssl === null ? 'no openssl on this machine' : null);

/** The server's certificate is verified by itself, as the one of a managed database is by its provider's. */
function certificateFiles(folder: string, owner: number | null) {
  const { key, cert } = makeCertificate(openssl!, 'IP:127.0.0.1');
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  writeFileSync(keyFile, key);
  writeFileSync(certFile, cert);
  chmodSync(keyFile, 0o600);
  if (owner !== null) for (const path of [folder, keyFile, certFile]) chownSync(path, owner, owner);
  return { keyFile, certFile };
}

describe('a server', unless(missing), () => {
  const folder = tempFolder();
  let server: TestServer;
  let certFile: string;
  before(async () => {
    const files = certificateFiles(folder.path, process.getuid?.() === 0 ? 65_534 : null);
    certFile = files.certFile;
    server = await startPostgres({
      ssl: 'on',
      ssl_cert_file: certFile,
      ssl_key_file: files.keyFile,
      unix_socket_directories: folder.path,
    });
  });
  after(async () => {
    await server?.stop();
    folder.remove();
  });

  async function through(search: string) {
    const database = await server.schema();
    const { sink } = sinkOn({ dsn: `${database.dsn}&${search}` });
    return { database, sink, opened: await sink.open(null) };
  }

  const isOverTls =
    "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'gotrack ' || current_schema()";

  it('is reached over TLS, and its certificate verified, with sslmode=require too and without a warning', async (t) => {
    const warnings: string[] = [];
    const listen = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', listen);
    t.after(() => process.off('warning', listen));
    for (const mode of ['require', 'verify-full', 'prefer']) {
      const unknown = await through(`sslmode=${mode}`);
      assert.ok(!unknown.opened.ok && /self-signed certificate/.test(unknown.opened.detail));
      const { database, sink, opened } = await through(`sslmode=${mode}&sslrootcert=${certFile}`);
      assert.deepEqual(opened, { ok: true });
      assert.deepEqual(await database.ask(isOverTls), [{ ssl: true }]);
      const value = event();
      assert.deepEqual(await sink.write([recordOf(value)]), { kind: 'ack' });
      assert.deepEqual(await idsIn(database), [value.event_id]);
      await sink.close();
    }
    assert.deepEqual(warnings, []);
  });

  it('is not verified with sslmode=no-verify, and reached in the clear with disable', async () => {
    for (const [mode, ssl] of [
      ['no-verify', true],
      ['disable', false],
    ]) {
      const { database, sink, opened } = await through(`sslmode=${mode}`);
      assert.deepEqual(opened, { ok: true });
      assert.deepEqual(await database.ask(isOverTls), [{ ssl }]);
      await sink.close();
    }
  });

  it('that falls silent over TLS is given up in time', async () => {
    const database = await server.schema();
    const url = new URL(database.dsn);
    const relay = await startRelay({ host: url.hostname, port: Number(url.port) });
    url.port = String(relay.port);
    const dsn = `${url.href}&sslmode=verify-full&sslrootcert=${certFile}`;
    const { sink } = sinkOn({ dsn }, { timeoutMs: 1000, connectTimeoutMs: 1000 });
    assert.deepEqual(await sink.open(null), { ok: true });
    const value = event();
    for (const what of ['a batch', 'a log-in']) {
      relay.judge = () => 'hold';
      const outcome = await sink.write([recordOf(value)]);
      assert.ok(outcome.kind === 'retry' && /not answered within 1000 ms/.test(outcome.detail), what);
    }
    relay.judge = () => 'pass';
    assert.deepEqual(await sink.write([recordOf(value)]), { kind: 'ack' });
    await sink.close();
    relay.close();
  });

  it('is reached by its unix socket', async () => {
    const database = await server.schema();
    const url = new URL(database.dsn);
    const socket = `postgres://${url.username}:${url.password}@/${url.pathname.slice(1)}?host=${folder.path}&port=${url.port}&${url.searchParams}`;
    const { sink } = sinkOn({ dsn: socket });
    assert.deepEqual(await sink.open(null), { ok: true });
    assert.deepEqual(await sink.write([recordOf(event())]), { kind: 'ack' });
    await sink.close();
  });
});
