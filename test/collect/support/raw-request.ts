import net from 'node:net';

/** What our answers may say; a test that needs a field fails on its absence. */
export type AnswerBody = {
  status?: string;
  error?: string;
  field?: string;
  accepted?: number;
  duplicates?: number;
  dropped?: number;
  rejected?: { index: number; reason: string; field?: string }[];
  token?: string;
  key?: string;
  now?: number;
  ttl?: number;
};

export type Answer = {
  status: number;
  headers: Record<string, string>;
  lines: string[];
  body: string;
  json: AnswerBody;
};

export type RequestText = {
  method?: string;
  path?: string;
  headers?: [string, string][];
  body?: string | Buffer;
};

/** One request on a connection of its own, written byte for byte; resolves when the server closes it. */
export function request(
  port: number,
  { method = 'POST', path = '/page', headers = [], body }: RequestText,
): Promise<Answer> {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: shop.test',
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return exchangeBytes(port, [
    Buffer.from(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1'),
    Buffer.from(body ?? ''),
  ]);
}

export function exchangeBytes(port: number, parts: Buffer[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => (chunks.length === 0 ? reject(error) : undefined));
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(chunks))));
    for (const part of parts) socket.write(part);
  });
}

export function parseAnswer(bytes: Buffer): Answer {
  const end = bytes.indexOf('\r\n\r\n');
  const lines = bytes.toString('latin1', 0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = bytes.toString('latin1', end + 4);
  const isJson = headers['content-type'] === 'application/json' && body !== '';
  const json = isJson ? JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) : {};
  return { status: Number(lines[0]?.split(' ')[1]), headers, lines, body, json };
}
