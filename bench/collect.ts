/**
 * CPU of a signed POST of 1 and of 20 events, from the socket to the 202, with a journal that is a counter:
 * beside the floor, which checks one HMAC, parses, builds a small envelope and answers. Each server is a
 * process of its own and tells its CPU time; the two take turns.
 *
 *   node bench/collect.ts [requests]
 */
import { type ChildProcess, fork } from 'node:child_process';
import {
  createHash,
  createHmac,
  createSecretKey,
  randomUUID,
  randomUUIDv7,
  timingSafeEqual,
} from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { createCollect } from '../src/collect/collect.ts';
import { createEnrich } from '../src/enrich/enrich.ts';
import { NO_EXCLUSIONS } from '../src/event/exclude.ts';
import { createResolveAddress } from '../src/http/client-address.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createPrivacy } from '../src/privacy/privacy.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { createTokens } from '../src/token/tokens.ts';

const SECRET = 'a secret of the bench, 32 characters or more';
const CONNECTIONS = 16;
const ROUNDS = 5;
const PATH = '/shop/product?id=7&utm_source=mail';

function createBenchTokens() {
  return createTokens(
    { secrets: [{ kid: '0', secret: SECRET }], ttlSeconds: 3_600 },
    { clock: systemClock, uuidV7: randomUUIDv7 },
  );
}

// --- the servers

function serveCollect(): http.Server {
  const privacy = createPrivacy({
    ...{ mode: 'optional', cookie: null, respectGpc: true, respectDnt: true, scrub: true },
    ...{ ipHashSecret: undefined, ipHashDaily: false, userIdSecret: SECRET },
  });
  const collect = createCollect(
    {
      tracking: true,
      collectPath: '/collect',
      maxBodyBytes: 2 ** 20,
      ipBinding: 'soft',
      hmacRequire: 'any',
      ingestToken: null,
      corsOrigins: [],
      rates: { collect: 1_000_000_000, hello: 600, pixel: 600, document: 1_200 },
      exclusions: NO_EXCLUSIONS,
    },
    {
      clock: systemClock,
      uuidV4: randomUUID,
      uuidV7: randomUUIDv7,
      tokens: createBenchTokens(),
      privacy,
      append: async () => ({ ok: true }),
      fill: () => 0,
      isDraining: () => false,
      enrich: createEnrich({ scrubParameter: privacy.scrub.parameter }),
      scripts: { 'hmac.js': '', 'pixel.js': '', 'pixel.esm.js': '' },
      metrics: createMetrics({ processMetrics: false }),
      log: console,
    },
  );
  const resolve = createResolveAddress({ trust: false, clientIpHeaders: [] });
  return http.createServer(
    { keepAliveTimeout: 75_000, optimizeEmptyRequests: true } as http.ServerOptions,
    (clientReq, clientRes) => {
      const address = resolve(clientReq.socket.remoteAddress, clientReq.rawHeaders);
      const receivedAt = systemClock.now();
      void collect.post({
        clientReq,
        clientRes,
        address,
        requestId: randomUUIDv7(),
        receivedAt,
        scheme: 'http',
        host: clientReq.headers.host ?? '',
      });
    },
  );
}

/** The least that a collector can do: nothing of it is limited, scrubbed, joined or counted. */
function serveFloor(): http.Server {
  const key = createSecretKey(Buffer.from(SECRET));
  let stored = 0;
  return http.createServer({ keepAliveTimeout: 75_000 }, (clientReq, clientRes) => {
    const chunks: Buffer[] = [];
    clientReq.on('data', (chunk: Buffer) => chunks.push(chunk));
    clientReq.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      const right = createHmac('sha256', key).update(body).digest();
      timingSafeEqual(right, Buffer.from(String(clientReq.headers['x-bench-hmac']), 'hex'));
      const events = JSON.parse(body.toString()) as { type: string }[];
      for (const event of events) {
        const envelope = {
          event_id: randomUUIDv7(),
          timestamp: new Date().toISOString(),
          type: event.type,
          ip: clientReq.socket.remoteAddress,
          ua: clientReq.headers['user-agent'],
          payload: event,
          server: { header_order: clientReq.rawHeaders.filter((_, i) => i % 2 === 0) },
          schema: 'gotrack.event/1',
        };
        stored += Buffer.from(JSON.stringify(envelope)).length;
      }
      const text = `{"status":"ok","accepted":${events.length},"duplicates":0}`;
      clientRes.writeHead(202, [
        'Content-Type',
        'application/json',
        'X-GoTrack-Accepted',
        String(events.length),
        'Content-Length',
        String(text.length),
      ]);
      clientRes.end(text, 'latin1');
      if (stored < 0) throw new Error('never: it keeps the work from being left out');
    });
  });
}

async function child(kind: string): Promise<void> {
  const server = kind === 'floor' ? serveFloor() : serveCollect();
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  process.on('message', () => process.send!({ cpu: process.cpuUsage() }));
  process.send!({ port: (server.address() as AddressInfo).port });
}

// --- the load

/** As the tracker sends it from an ordinary page. */
function makeEvent(seq: number): object {
  return {
    event_id: randomUUID(),
    ts: new Date().toISOString(),
    type: seq === 0 ? 'pageview' : 'click',
    url: {
      referrer: 'https://search.test/?q=lamp',
      referrer_hostname: 'search.test',
      raw_query: 'id=7&utm_source=mail',
      query_size: 20,
      utm: { source: 'mail' },
    },
    route: {
      domain: 'shop.test',
      path: '/shop/product',
      fullPath: PATH,
      title: 'A lamp, and a good one',
      protocol: 'https:',
      query: { id: '7', utm_source: 'mail' },
    },
    device: {
      language: 'de-DE',
      languages: ['de-DE', 'de', 'en'],
      tz: 'Europe/Berlin',
      tz_offset_minutes: 60,
      viewport_w: 1280,
      viewport_h: 720,
      device_pixel_ratio: 2,
      hardware_concurrency: 8,
      maxTouchPoints: 0,
      cookie_enabled: true,
      screens: [
        { width: 2560, height: 1440, availWidth: 2560, availHeight: 1400, colorDepth: 24, pixelDepth: 24 },
      ],
    },
    session: {
      visitor_id: randomUUID(),
      session_id: '6f1a5c1e-1111-4222-8333-444444444444',
      session_start_ts: 1_795_255_200_000,
      session_seq: seq,
      first_visit_ts: 1_795_255_200_000,
    },
    page: { page_id: randomUUID(), seq, sent_at: Date.now() },
  };
}

const BROWSER = [
  ...[
    'Connection: keep-alive',
    'sec-ch-ua-platform: "Linux"',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36',
  ],
  ...[
    'sec-ch-ua: "Chromium";v="153", "Not?A_Brand";v="24"',
    'sec-ch-ua-mobile: ?0',
    'Accept: */*',
    'Origin: http://shop.test',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: cors',
  ],
  ...[
    'Sec-Fetch-Dest: empty',
    `Referer: http://shop.test${PATH}`,
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: de-DE,de;q=0.9,en;q=0.8',
    'Content-Type: application/json',
  ],
];

function makeRequests(count: number, eventsEach: number): Buffer[] {
  const issued = createBenchTokens().mintPage('127.0.0.1', randomUUIDv7());
  const key = Buffer.from(issued.key, 'base64url');
  return Array.from({ length: count }, (_, n) => {
    const body = JSON.stringify(Array.from({ length: eventsEach }, (_, seq) => makeEvent(seq)));
    const hash = createHash('sha256').update(body).digest('hex');
    const signature = createHmac('sha256', key)
      .update(`GT1\nPOST\n${PATH}\n${issued.now}\n${n}\n${hash}`)
      .digest('hex');
    const lines = [
      ...[
        `POST ${PATH} HTTP/1.1`,
        'Host: shop.test',
        `Content-Length: ${Buffer.byteLength(body)}`,
        ...BROWSER,
      ],
      `X-GoTrack-HMAC: v1;tok=${issued.token};t=${issued.now};n=${n};s=${signature}`,
      `X-Bench-HMAC: ${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
  });
}

/** Sends every request, one at a time a connection; throws if one was not accepted. */
async function send(port: number, requests: Buffer[]): Promise<void> {
  let next = 0;
  const connections = Array.from({ length: CONNECTIONS }, () => {
    const socket = net.connect(port, '127.0.0.1').setNoDelay(true);
    return new Promise<void>((done, fail) => {
      const go = () => (next < requests.length ? socket.write(requests[next++]!) : socket.end());
      socket.on('connect', go);
      socket.on('data', (answer) =>
        answer.includes('HTTP/1.1 202') ? go() : fail(new Error(answer.toString())),
      );
      socket.on('close', () => done());
      socket.on('error', fail);
    });
  });
  await Promise.all(connections);
}

async function cpuMicros(server: ChildProcess): Promise<number> {
  server.send({ ask: 'cpu' });
  const [{ cpu }] = (await once(server, 'message')) as [{ cpu: NodeJS.CpuUsage }];
  return cpu.user + cpu.system;
}

async function measure(count: number, eventsEach: number): Promise<void> {
  const results: Record<string, number[]> = { collect: [], floor: [] };
  const servers: Record<string, ChildProcess> = {};
  const ports: Record<string, number> = {};
  for (const kind of Object.keys(results)) {
    servers[kind] = fork(import.meta.filename, ['--serve', kind]);
    const [{ port }] = (await once(servers[kind], 'message')) as [{ port: number }];
    ports[kind] = port;
    await send(port, makeRequests(2_000 / eventsEach + 500, eventsEach)); // warm
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of Object.keys(results)) {
      const requests = makeRequests(count, eventsEach);
      const before = await cpuMicros(servers[kind]!);
      await send(ports[kind]!, requests);
      results[kind]!.push(((await cpuMicros(servers[kind]!)) - before) / count);
    }
  }
  for (const server of Object.values(servers)) server.kill();
  const [ours, floor] = [median(results.collect!), median(results.floor!)];
  const each = eventsEach === 1 ? '' : ` (${(ours / eventsEach).toFixed(1)} an event)`;
  console.log(
    `${eventsEach} event(s): collect ${ours.toFixed(1)} µs a POST${each}, floor ${floor.toFixed(1)} µs, ratio ${(ours / floor).toFixed(2)}`,
  );
  console.log(
    `  rounds: collect ${results.collect!.map((v) => v.toFixed(1)).join(' ')} · floor ${results.floor!.map((v) => v.toFixed(1)).join(' ')}`,
  );
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

if (process.argv[2] === '--serve') await child(process.argv[3]!);
else {
  const count = Number(process.argv[2] ?? 4_000);
  await measure(count, 1);
  await measure(Math.ceil(count / 10), 20);
}
