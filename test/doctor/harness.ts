/** What checks look at, over real sockets: an origin of the test's, and where it asks for one a running instance. */
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createExamination } from '../../src/app/examination.ts';
import { createApp } from '../../src/app.ts';
import type { Config } from '../../src/config/fields.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Check, Examination } from '../../src/doctor/examination.ts';
import { readPageAddress } from '../../src/doctor/page-address.ts';
import type { Level, Row } from '../../src/doctor/row.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { TEST_SECRET } from '../support/gotrack-process.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';

export type Env = Record<string, string>;

export const PAGE = '<!doctype html><html><head><title>Shop</title></head><body><p>hello</p></body></html>';

/** A page without a word about caches, on every path that is asked for as a page; 404 elsewhere. */
export const shop: RequestListener = (request, response) => {
  const isPage = request.url === '/' || /^\/(?:shop\/)?p(?:[/?]|$)/.test(request.url!);
  response.writeHead(isPage ? 200 : 404, { 'content-type': 'text/html' });
  response.end(isPage ? PAGE : '<!doctype html><title>Not found</title>');
};

/** Every answer of the shop with these headers. */
export const shopWith =
  (headers: Env, body = PAGE): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', ...headers });
    response.end(body);
  };

/** Configuration with folders of the test's own. */
export function configFor(t: TestContext, env: Env, files = ''): Config {
  const folder = tempFolder();
  t.after(folder.remove);
  const own = {
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: join(folder.path, 'events.ndjson'),
    SERVER_ADDR: '127.0.0.1:0',
  };
  const loaded = loadConfig({ env: { ...own, ...env }, flags: {}, readFile: () => files, now: Date.now });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

export type Site = {
  env?: Env;
  page?: string | undefined;
  address?: string;
  /** What stands in the file that ORIGIN_CA names. */
  ca?: string;
  /** What stands in all others. */
  files?: string;
};

/** An examination of what listens at `origin`. `page`: as on the command line. */
export function examination(
  t: TestContext,
  origin: string,
  { env = {}, page: text, address, ca, files = ca }: Site = {},
): Examination {
  const config = configFor(
    t,
    { FORWARD_DESTINATION: origin, ...(ca !== undefined && { ORIGIN_CA: '/ca.pem' }), ...env },
    files,
  );
  const page = readPageAddress(text, 'http://localhost:19890');
  if (!page.ok) throw new Error(page.expected);
  const facts = { page: page.page, ownAddress: address ?? null, version: '0.0.0' };
  const signal = AbortSignal.timeout(60_000);
  const made = createExamination(config, facts, { clock: systemClock, signal });
  t.after(() => made.trial.close());
  return made;
}

/** An examination of an origin that answers by this listener. */
export async function examined(t: TestContext, listener: RequestListener, site?: Site): Promise<Examination> {
  const origin = await startHttpOrigin(listener);
  t.after(origin.close);
  return examination(t, `http://127.0.0.1:${origin.port}`, site);
}

export async function rowsOf(check: Check, of: Examination | Promise<Examination>): Promise<Row[]> {
  return check(await of);
}

/** The rows that say that something is to be done. */
export const faultsIn = (rows: readonly Row[], ...levels: Level[]) =>
  rows.filter(({ level }) => (levels.length > 0 ? levels : ['warning', 'error']).includes(level));

/** A running instance before an origin; its URL. */
export async function startInstance(
  t: TestContext,
  listener: RequestListener,
  env: Env = {},
): Promise<string> {
  const origin = await startHttpOrigin(listener);
  const config = configFor(t, { FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`, ...env });
  const app = await createApp(config, {
    log: createLog({ level: 'silent' }),
    clock: systemClock,
    runtime: { owner: 'a test', writeOut: (_bytes, done) => done() },
  });
  t.after(async () => {
    await app.close();
    await origin.close();
  });
  return (await app.listen()).site;
}

export type Front = {
  /** The request target that goes on. */
  path?(target: string): string;
  /** Changes the headers that go on. */
  headers?(headers: http.OutgoingHttpHeaders): void;
  /** Added to every answer. */
  answer?: Env;
  /** Answers 403 by itself. */
  refuses?(method: string): boolean;
  /** Where a request goes, if not to the instance. */
  goesTo?(target: string): string;
};

/** A site without us; its URL. */
export async function startSite(t: TestContext, listener: RequestListener): Promise<string> {
  const site = await startHttpOrigin(listener);
  t.after(site.close);
  return `http://127.0.0.1:${site.port}`;
}

/** A proxy that somebody put before the instance at `site`, with its habits; its URL. */
export async function startFront(t: TestContext, site: string, front: Front = {}): Promise<string> {
  const server = http.createServer((clientReq, clientRes) => {
    if (front.refuses?.(clientReq.method!)) return void clientRes.writeHead(403).end();
    const { hostname, port } = new URL(front.goesTo?.(clientReq.url!) ?? site);
    const headers: http.OutgoingHttpHeaders = { ...clientReq.headers };
    front.headers?.(headers);
    const path = front.path?.(clientReq.url!) ?? clientReq.url!;
    const onward = http.request({ hostname, port, method: clientReq.method!, path, headers }, (response) => {
      clientRes.writeHead(response.statusCode!, { ...response.headers, ...front.answer });
      response.pipe(clientRes);
    });
    onward.once('error', () => clientRes.destroy());
    clientReq.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => closeServer(server));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closeServer(server: http.Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
