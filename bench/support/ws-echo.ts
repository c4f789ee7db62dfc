/** A program of its own: a WebSocket server that says what it hears, on `ws`. Tells its port over IPC. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, backlog: 4096 });
server.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
await once(server, 'listening');
process.send!({ port: (server.address() as AddressInfo).port });
