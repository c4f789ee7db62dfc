/**
 * A program of its own: on each connection a WebSocket message goes out, its echo is awaited, and so on. Raw
 * sockets and one frame made beforehand, so that the load costs little. Prints how many echoes came.
 *
 *   node bench/support/ws-load.ts PORT CONNECTIONS SECONDS
 */
import { connect, type Socket } from 'node:net';

const [port, connections, seconds] = process.argv.slice(2).map(Number) as [number, number, number];
const MESSAGE_BYTES = 100;
/** Unmasked, as a server sends it: two bytes of header (RFC 6455 §5.2). */
const ECHO_BYTES = 2 + MESSAGE_BYTES;
const HEAD_END = '\r\n\r\n';

/** A masked binary frame; the mask is zero, so that the payload stands in it as it is. */
const frame = Buffer.concat([
  Buffer.from([0x82, 0x80 | MESSAGE_BYTES, 0, 0, 0, 0]),
  Buffer.alloc(MESSAGE_BYTES, 'a'),
]);
const handshake = [
  ...['GET / HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Upgrade: websocket', 'Connection: Upgrade'],
  ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
].join('\r\n');

let echoes = 0;

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  socket.write(handshake);
  await new Promise<void>((resolve, reject) => {
    let head = '';
    socket.on('error', reject);
    socket.on('data', function onHead(chunk: Buffer) {
      head += chunk.toString('latin1');
      if (!head.endsWith(HEAD_END)) return;
      socket.off('data', onHead);
      if (head.startsWith('HTTP/1.1 101')) resolve();
      else reject(new Error(`refused: ${head}`));
    });
  });
  return socket;
}

function echo(socket: Socket): void {
  let missing = ECHO_BYTES;
  socket.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing > 0) return;
    if (missing < 0) throw new Error('more came back than was sent');
    echoes += 1;
    missing = ECHO_BYTES;
    socket.write(frame);
  });
  socket.on('close', () => {
    throw new Error('the connection was closed');
  });
  socket.write(frame);
}

const sockets = await Promise.all(Array.from({ length: connections }, open));
for (const socket of sockets) echo(socket);
setTimeout(() => {
  console.log(echoes);
  process.exit(0);
}, seconds * 1_000);
