/** A TCP relay that loses the connection, or falls silent, at a moment that a test chooses by what passes. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Direction = 'to-server' | 'to-client';
/** `cut`: the piece and all after it are lost, and the connections too; `hold`: they are lost, and nobody is told. */
export type Verdict = 'pass' | 'cut' | 'hold';

export type Relay = {
  port: number;
  /** Asked for each piece as it comes; pieces are as large as the network made them. */
  judge: (direction: Direction, piece: Buffer) => Verdict;
  close(): void;
};

export async function startRelay(target: { host: string; port: number }): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    const pair = { client, upstream };
    pass(relay, pair, 'to-server');
    pass(relay, pair, 'to-client');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // The other side is what a test looks at.
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    judge: () => 'pass',
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return relay;
}

function pass(relay: Relay, pair: { client: Socket; upstream: Socket }, direction: Direction): void {
  const [from, to] = direction === 'to-server' ? [pair.client, pair.upstream] : [pair.upstream, pair.client];
  let holds = false;
  from.on('data', (piece) => {
    const verdict = holds ? 'hold' : relay.judge(direction, piece);
    holds = verdict === 'hold';
    if (verdict === 'pass') to.write(piece);
    if (verdict === 'cut') from.destroy();
  });
}
