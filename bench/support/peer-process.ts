/**
 * A program of its own: http-proxy (or http-proxy-3, which has the same interface) in front of an origin, as its
 * users write it. Told what to do by its one argument, it tells its port over IPC. HTTP/2 is Node's compatibility
 * server, since the package has none; HTML is gathered, decoded, replaced in and encoded again.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Setting } from './candidates.ts';
import { peerSnippet } from './pages.ts';

export type PeerOptions = { module: 'http-proxy' | 'http-proxy-3'; setting: Setting };

/** The part of their interface that is used here; http-proxy has no types of its own. */
type Peer = {
  web(clientReq: IncomingMessage, clientRes: ServerResponse): void;
  ws(clientReq: IncomingMessage, socket: Duplex, early: Buffer): void;
  on(
    event: 'proxyRes',
    listener: (originRes: IncomingMessage, clientReq: IncomingMessage, clientRes: ServerResponse) => void,
  ): void;
  on(
    event: 'error',
    listener: (error: Error, clientReq: IncomingMessage, clientRes: ServerResponse | Duplex) => void,
  ): void;
};
type PeerModule = { createProxyServer(options: object): Peer };

const { module, setting } = JSON.parse(process.argv[2]!) as PeerOptions;
const { createProxyServer } = createRequire(import.meta.url)(module) as PeerModule;
const peer = createProxyServer({
  target: setting.origin,
  agent: new Agent({ keepAlive: true }),
  xfwd: true,
  selfHandleResponse: setting.html !== 'no',
});

const [encode, decode] = [promisify(gzip), promisify(gunzip)];
const snippet = peerSnippet();

async function insert(originRes: IncomingMessage, clientRes: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of originRes) chunks.push(chunk as Buffer);
  const isGzip = originRes.headers['content-encoding'] === 'gzip';
  const body = Buffer.concat(chunks);
  const text = (isGzip ? await decode(body) : body).toString();
  const edited = Buffer.from(text.replace('</body>', () => `${snippet}</body>`));
  const encoded = isGzip ? await encode(edited, { level: 1 }) : edited;
  const { 'transfer-encoding': _framing, ...headers } = originRes.headers;
  clientRes.writeHead(originRes.statusCode!, { ...headers, 'content-length': encoded.length });
  clientRes.end(encoded);
}

/** HTTP/2's pseudo headers must not reach HTTP/1.1, nor the origin's connection headers the client. */
function handleHttp2(clientReq: IncomingMessage, clientRes: ServerResponse): void {
  const ordinary = Object.entries(clientReq.headers).filter(([name]) => !name.startsWith(':'));
  const headers = { ...Object.fromEntries(ordinary), host: clientReq.headers[':authority'] };
  Object.defineProperty(clientReq, 'headers', { value: headers }); // method and url go on reading the original
  peer.web(clientReq, clientRes);
}

function dropConnectionHeaders(originRes: IncomingMessage): void {
  delete originRes.headers.connection;
  delete originRes.headers['keep-alive'];
}

function createListener(): Server {
  const handle = (clientReq: IncomingMessage, clientRes: ServerResponse) => peer.web(clientReq, clientRes);
  if (setting.tls === null) return createServer(handle);
  const credentials = { key: readFileSync(setting.tls.key), cert: readFileSync(setting.tls.cert) };
  if (setting.tls.http2 === false) return createHttpsServer(credentials, handle);
  return createSecureServer({ ...credentials, allowHTTP1: true }, handleHttp2 as never);
}

if (setting.html !== 'no')
  peer.on('proxyRes', (originRes, _, clientRes) => void insert(originRes, clientRes));
if (setting.tls?.http2 === true) peer.on('proxyRes', dropConnectionHeaders);
peer.on('error', (_error, _clientReq, clientRes) => void clientRes.destroy());
const server = createListener();
server.on('upgrade', (clientReq: IncomingMessage, socket: Duplex, early: Buffer) =>
  peer.ws(clientReq, socket, early),
);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
await once(server, 'listening');
process.send!({ port: (server.address() as AddressInfo).port });
