/** A client that sends exactly the bytes it is told to, and says exactly what came back. */
import net, { type Socket } from 'node:net';
import { type HeaderLine, headerLines, readBody, responseFraming, valuesOf } from './message.ts';

export type RawResponse = {
  /** Status line and headers with their last empty line, Latin-1. */
  readonly head: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderLine[];
  /** The first value of a header, or undefined. */
  header(name: string): string | undefined;
  /** Without its framing. */
  readonly content: Buffer;
  readonly text: string;
  readonly trailers: HeaderLine[];
};

/** How a connection ended: by a FIN, by a reset, or not yet. */
export type Ending = 'end' | 'reset';

export type RawClient = {
  readonly socket: Socket;
  send(bytes: string | Buffer): void;
  /** The next response, 1xx ones too. Rejects when the connection ends before it is whole. */
  response(method?: string): Promise<RawResponse>;
  /** The head of the next response as soon as it has come; its body stays for `received`. */
  head(): Promise<string>;
  /** Everything that came and was not read yet, Latin-1. */
  received(): string;
  /** Resolves when what came and was not read contains the text. */
  contains(text: string): Promise<void>;
  ended(): Promise<Ending>;
  /** How many times the socket had something to read. */
  reads(): number;
  /** Half-closes. */
  end(): void;
  destroy(): void;
  reset(): void;
};

export async function connect(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, ...options });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return clientOn(socket);
}

/** One connection, one request, one response; the connection is then left. */
export async function roundTrip(port: number, request: string, method?: string): Promise<RawResponse> {
  const client = await connect(port);
  try {
    client.send(request);
    return await client.response(method ?? request.slice(0, request.indexOf(' ')));
  } finally {
    client.destroy();
  }
}

export function clientOn(socket: Socket): RawClient {
  let bytes: Buffer = Buffer.alloc(0);
  let reads = 0;
  let ending: Ending | null = null;
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const check of [...waiting]) check();
  };
  socket.on('data', (chunk) => {
    reads += 1;
    bytes = Buffer.concat([bytes, chunk]);
    changed();
  });
  socket.on('end', () => end('end'));
  socket.on('error', () => end('reset'));
  socket.on('close', () => end('end'));
  function end(how: Ending): void {
    ending ??= how;
    changed();
  }

  /** Resolves with the first value that `read` returns. */
  function wait<T>(read: () => T | null, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no ${what} came; had: ${preview()}`))),
        10_000,
      );
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        waiting.delete(check);
        finish();
      };
      const check = () => {
        const value = read();
        if (value !== null) settle(() => resolve(value));
        else if (ending !== null)
          settle(() => reject(new Error(`${ending} instead of ${what}; had: ${preview()}`)));
      };
      waiting.add(check);
      check();
    });
  }
  const preview = () => JSON.stringify(bytes.toString('latin1', 0, 300));

  function takeHead(): string | null {
    const end = bytes.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const head = bytes.toString('latin1', 0, end + 4);
    bytes = bytes.subarray(end + 4);
    return head;
  }

  function takeResponse(method: string): RawResponse | null {
    const end = bytes.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const head = bytes.toString('latin1', 0, end + 4);
    const body = readBody(bytes.subarray(end + 4), responseFraming(head, method), ending === 'end');
    if (body === null) return null;
    bytes = bytes.subarray(end + 4 + body.wireBytes);
    const headers = headerLines(head);
    return {
      head,
      status: Number(head.slice(9, 12)),
      reason: head.slice(13, head.indexOf('\r\n')),
      headers,
      header: (name) => valuesOf(headers, name)[0],
      content: body.content,
      text: body.content.toString('latin1'),
      trailers: body.trailers,
    };
  }

  return {
    socket,
    send: (text) => void socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text),
    response: (method = 'GET') => wait(() => takeResponse(method), 'response'),
    head: () => wait(takeHead, 'head'),
    received: () => bytes.toString('latin1'),
    contains: async (text) =>
      void (await wait(() => (bytes.includes(text, 0, 'latin1') ? true : null), text)),
    ended: () => wait(() => ending, 'end of the connection'),
    reads: () => reads,
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
  };
}
