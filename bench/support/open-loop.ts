/**
 * A program of its own: requests at a fixed rate, whether or not the ones before were answered, so that a stall
 * costs every request that falls into it (no coordinated omission). A request that finds no free connection opens
 * one; where all are taken it waits, and its latency counts from the moment it was due. The latency of any other
 * counts from its write: that this program's own timer fires late is no fault of the one that is measured.
 *
 *   node bench/support/open-loop.ts URL RATE SECONDS
 *
 * Prints {"p50": microseconds, "p99": microseconds, "requests": n}.
 */
import { connect, type Socket } from 'node:net';

const [url, rate, seconds] = process.argv.slice(2) as [string, string, string];
const { hostname, port, pathname } = new URL(url);
const PERIOD_MS = 1_000 / Number(rate);
const MAX_CONNECTIONS = 512;
/** Connections and caches warm up; what is measured then is not counted. */
const WARM_MS = 1_000;
const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUser-Agent: bench\r\n\r\n`;

const idle: Connection[] = [];
const overdue: number[] = [];
const latencies: number[] = [];
let connections = 0;

type Connection = { socket: Socket; since: number; missing: number; head: string };

function open(): Connection {
  connections += 1;
  const socket = connect(Number(port), hostname).setNoDelay(true);
  const connection: Connection = { socket, since: 0, missing: 0, head: '' };
  socket.on('data', (chunk: Buffer) => take(connection, chunk));
  socket.on('close', () => {
    throw new Error('the connection was closed');
  });
  return connection;
}

function take(connection: Connection, chunk: Buffer): void {
  if (connection.missing === 0) readHead(connection, chunk);
  else connection.missing -= chunk.length;
  if (connection.missing > 0 || connection.head !== '') return;
  latencies.push(performance.now() - connection.since);
  const due = overdue.shift();
  if (due === undefined) idle.push(connection);
  else send(connection, due);
}

/** `missing` becomes what of the body is still to come; `head` is empty once it was read. */
function readHead(connection: Connection, chunk: Buffer): void {
  connection.head += chunk.toString('latin1');
  const end = connection.head.indexOf('\r\n\r\n');
  if (end < 0) return;
  const length = /\r\ncontent-length: *(\d+)/i.exec(connection.head)?.[1];
  if (!connection.head.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(connection.head);
  connection.missing = Number(length) - (connection.head.length - end - 4);
  connection.head = '';
}

function send(connection: Connection, since: number): void {
  connection.since = since;
  connection.socket.write(request);
}

function sendDue(due: number): void {
  const connection = idle.pop() ?? (connections < MAX_CONNECTIONS ? open() : null);
  if (connection === null) overdue.push(due);
  else send(connection, performance.now());
}

const from = performance.now();
const until = from + WARM_MS + Number(seconds) * 1_000;
let due = from;
let warm = false;

const timer = setInterval(() => {
  for (const now = performance.now(); due <= now; due += PERIOD_MS) sendDue(due);
  if (!warm && due > from + WARM_MS) {
    warm = true;
    latencies.length = 0;
  }
  if (due > until) finish();
}, 1);

function finish(): void {
  clearInterval(timer);
  latencies.push(...overdue.map((since) => performance.now() - since));
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)]! * 1_000);
  console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), requests: sorted.length }));
  process.exit(0);
}
