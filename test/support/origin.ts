/**
 * Origins for tests. `startOrigin` speaks bytes: it records exactly what came and answers by script, rightly
 * or wrongly. `startHttpOrigin` is node's own server, for bodies too large to be looked at byte by byte.
 */
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { type HeaderLine, headerLines, readBody, requestFraming } from './message.ts';

/** One request as it came over the wire, Latin-1. */
export type Received = {
  /** Request line and headers with their last empty line. */
  readonly head: string;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderLine[];
  /** Without its framing; resolves when it has all come, rejects when the connection closes before. */
  readonly body: Promise<Buffer>;
  /** What has come of the body, with its framing. */
  soFar(): string;
  /** Which of the origin's connections it came on, from 0. */
  readonly connection: number;
};

/** Called when a head has come; `answer` writes the response onto the socket whenever it likes. */
export type Script = (request: Received, socket: Socket) => unknown;

export type Origin = {
  readonly port: number;
  /** In the order in which their heads came. */
  readonly requests: Received[];
  /** Connections that were made so far, and those open now. */
  connections(): number;
  open(): number;
  /** Resolves when `count` requests have come. */
  received(count: number): Promise<void>;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/** What most tests need: a whole answer with a length. */
export const ok = (body = 'ok', headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`;

/** A string answers every request with it. */
export async function startOrigin(script: Script | string = ok()): Promise<Origin> {
  const requests: Received[] = [];
  const answer: Script =
    typeof script === 'string' ? (_request, socket) => void socket.write(script, 'latin1') : script;
  const server = net.createServer({ allowHalfOpen: false, noDelay: true });
  const sockets = track(server);
  server.on('connection', (socket) => {
    const connection = sockets.made() - 1;
    readRequests(socket, (request) => {
      const received = { ...request, connection };
      requests.push(received);
      answer(received, socket);
    });
  });
  const port = await listen(server);
  return {
    port,
    requests,
    connections: sockets.made,
    open: sockets.open,
    received: (count) => until(() => requests.length >= count, `${count} requests`),
    idle: () => until(() => sockets.open() === 0, 'no open connection to the origin'),
    close: () => sockets.close(),
  };
}

export type HttpOrigin = {
  readonly server: http.Server;
  readonly port: number;
  open(): number;
  idle(): Promise<void>;
  close(): Promise<void>;
};

export async function startHttpOrigin(listener?: http.RequestListener): Promise<HttpOrigin> {
  const server = http.createServer(listener ?? (() => {}));
  const sockets = track(server);
  const port = await listen(server);
  return {
    server,
    port,
    open: sockets.open,
    idle: () => until(() => sockets.open() === 0, 'no open connection to the origin'),
    close: () => sockets.close(),
  };
}

/** Resolves when `condition` holds; polls, and gives up after ten seconds with a name for what was missing. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A port of this machine where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listen(server: net.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function track(server: net.Server) {
  const open = new Set<Socket>();
  let made = 0;
  server.on('connection', (socket: Socket) => {
    made += 1;
    open.add(socket);
    socket.on('error', () => {}); // resets are part of many tests
    socket.once('close', () => open.delete(socket));
  });
  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of open) socket.destroy();
    await closed;
  }
  return { made: () => made, open: () => open.size, close };
}

type Parsed = Omit<Received, 'connection'>;
type Pending = { head: string; resolve(body: Buffer): void; reject(cause: Error): void };

function readRequests(socket: Socket, onRequest: (request: Parsed) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  let pending: Pending | null = null;
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (step());
  });
  socket.once('close', () => pending?.reject(new Error('the connection closed within a body')));

  /** True while there may be more to read in what has come. */
  function step(): boolean {
    if (pending === null) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end === -1) return false;
      const head = bytes.toString('latin1', 0, end + 4);
      bytes = bytes.subarray(end + 4);
      let settle: Omit<Pending, 'head'> | undefined;
      const body = new Promise<Buffer>((resolve, reject) => {
        settle = { resolve, reject };
      });
      body.catch(() => {}); // most tests do not look at it
      pending = { head, ...settle! };
      const [method, target] = head.split(' ', 2);
      const soFar = () => (pending?.head === head ? bytes.toString('latin1') : '');
      onRequest({ head, method: method!, target: target!, headers: headerLines(head), body, soFar });
    }
    const body = readBody(bytes, requestFraming(pending.head), false);
    if (body === null) return false;
    bytes = bytes.subarray(body.wireBytes);
    pending.resolve(Buffer.from(body.content));
    pending = null;
    return bytes.length > 0;
  }
}
