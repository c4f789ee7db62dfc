import { connect } from 'node:net';

export type Message = {
  status: number;
  /** By name in lower case; of several lines the last. */
  headers: Record<string, string>;
  text: string;
  /** An empty object where the body is no JSON. */
  json: unknown;
};

const NO_ANSWER_MS = 10_000;

/** Sends bytes on a connection of its own, whose end is the end of the answer. */
export function exchange(port: number, bytes: Buffer): Promise<Message> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => chunks.length === 0 && reject(error));
    socket.on('close', () => resolve(messageOf(Buffer.concat(chunks))));
    socket.setTimeout(NO_ANSWER_MS, () =>
      socket.destroy(new Error(`no answer to ${bytes.subarray(0, 200)}`)),
    );
    socket.write(bytes);
  });
}

function messageOf(bytes: Buffer): Message {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const text = bytes.toString('latin1', end + 4);
  const isJson = headers['content-type']?.startsWith('application/json') && text !== '';
  return { status: Number(first.split(' ')[1]), headers, text, json: isJson ? JSON.parse(text) : {} };
}
