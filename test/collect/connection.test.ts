/** What happens to the connection: it stays in step, or it closes, and the answer always arrives. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createRig, IP, type Rig } from './support/rig.ts';
import { sign } from './support/signer.ts';

let rig: Rig;
before(async () => {
  rig = await createRig({ options: { maxBodyBytes: 1_000 } });
});
after(() => rig.close());

/** Opens a connection and gives what arrives on it, and whether it was closed. */
function connect() {
  const socket = net.connect(rig.port, '127.0.0.1');
  const state = { text: '', closed: false };
  socket.on('data', (chunk) => {
    state.text += chunk.toString('latin1');
  });
  socket.on('error', () => {}); // a reset after the answer is the close that some tests wait for
  socket.on('close', () => {
    state.closed = true;
  });
  const until = async (condition: (seen: typeof state) => boolean): Promise<void> => {
    for (let i = 0; i < 600 && !condition(state); i++) await new Promise((done) => setTimeout(done, 5));
    assert.ok(condition(state), JSON.stringify(state));
  };
  return { socket, state, until };
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);

function signedPost(body: string): string {
  const header = sign(rig.tokens.mintHello(IP), body);
  return `POST /page HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: ${IP}\r\nX-GoTrack-HMAC: ${header}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

describe('the connection', () => {
  test('stays, and is in step, after posts that are accepted', async () => {
    const { socket, state, until } = connect();
    socket.write(signedPost('{"type":"a"}') + signedPost('{"type":"b"}'));
    await until(({ text }) => statuses(text).length === 2);
    socket.write(signedPost('{"type":"c"}'));
    await until(({ text }) => statuses(text).length === 3);
    assert.deepEqual(statuses(state.text), ['202', '202', '202']);
    socket.destroy();
  });

  test('stays, and is in step, after a refusal that read nothing of a short body', async () => {
    const { socket, state, until } = connect();
    const body = 'x'.repeat(500);
    socket.write(
      `POST /collect HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n${body}`,
    );
    await until(({ text }) => statuses(text).length === 1);
    socket.write(signedPost('{"type":"a"}'));
    await until(({ text }) => statuses(text).length === 2);
    assert.deepEqual(statuses(state.text), ['401', '202']);
    socket.destroy();
  });

  test('stays after hello, which needs no body and ignores one', async () => {
    const { socket, state, until } = connect();
    socket.write('POST /p HTTP/1.1\r\nHost: h\r\nX-GoTrack-HMAC: hello\r\n\r\n');
    await until(({ text }) => statuses(text).length === 1);
    socket.write('POST /p HTTP/1.1\r\nHost: h\r\nX-GoTrack-HMAC: hello\r\nContent-Length: 3\r\n\r\nabc');
    await until(({ text }) => statuses(text).length === 2);
    socket.write(signedPost('{"type":"a"}'));
    await until(({ text }) => statuses(text).length === 3);
    assert.deepEqual(statuses(state.text), ['200', '200', '202']);
    assert.equal(/connection: close/i.test(state.text), false);
    socket.destroy();
  });

  test('closes after a body announced as too large, of which nothing is awaited', async () => {
    const { socket, state, until } = connect();
    socket.write(
      'POST /p HTTP/1.1\r\nHost: h\r\nX-GoTrack-HMAC: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n',
    );
    await until(({ text, closed }) => statuses(text).length === 1 && closed);
    assert.match(
      state.text,
      /^HTTP\/1.1 413 [\s\S]*\r\nConnection: close\r\n[\s\S]*"error":"body-too-large"/,
    );
    assert.equal(socket.destroyed, true);
  });

  test('closes after a refused body without an announced length', async () => {
    const { socket, state, until } = connect();
    socket.write(
      'POST /collect HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n',
    );
    await until(({ closed }) => closed);
    assert.match(state.text, /^HTTP\/1.1 401 [\s\S]*\r\nConnection: close\r\n/);
    socket.destroy();
  });

  test('a chunked body is read, up to the bound', async () => {
    const header = sign(rig.tokens.mintHello(IP), '{"type":"a"}');
    const head = `POST /page HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: ${IP}\r\nX-GoTrack-HMAC: ${header}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const short = connect();
    short.socket.write(`${head}6\r\n{"type\r\n6\r\n":"a"}\r\n0\r\n\r\n`);
    await short.until(({ text }) => statuses(text)[0] === '202');
    short.socket.destroy();
    const long = connect();
    long.socket.write(
      `${head}${'64\r\n' + 'x'.repeat(100) + '\r\n'}`.padEnd(head.length, ' ') +
        `64\r\n${'x'.repeat(100)}\r\n`.repeat(20),
    );
    await long.until(({ text, closed }) => statuses(text)[0] === '413' && closed);
    assert.match(long.state.text, /"error":"body-too-large"/);
  });

  test('that ends in the middle of a body leaves nothing behind', async () => {
    const before = rig.events.length;
    for (let i = 0; i < 20; i++) {
      const { socket, until } = connect();
      socket.write(signedPost('{"type":"a"}').slice(0, -3), () => socket.destroy());
      await until(({ closed }) => closed);
    }
    assert.equal((await rig.post({ type: 'a' })).status, 202);
    assert.equal(rig.events.length, before + 1);
    assert.equal(await rig.count('faults'), 0);
  });

  test('that ends while the journal syncs does not stop the events', async () => {
    const before = rig.events.length;
    rig.journal.held = [];
    const { socket } = connect();
    socket.write(signedPost('{"type":"a"}'));
    while (rig.journal.held.length === 0) await new Promise(setImmediate);
    socket.destroy();
    await new Promise((done) => setTimeout(done, 20));
    rig.journal.held[0]!();
    rig.journal.held = null;
    await new Promise((done) => setTimeout(done, 20));
    assert.equal(rig.events.length, before + 1);
    assert.equal(await rig.count('faults'), 0);
  });
});
