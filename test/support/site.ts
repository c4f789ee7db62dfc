/** A site of two pages, and what the program needs before it: addresses and folders of one test's own. */
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TEST_SECRET } from './gotrack-process.ts';
import { tempFolder } from './temp.ts';

export const PAGE = '<!doctype html><title>a page</title><body>of the site</body>';

export type Site = {
  readonly origin: string;
  readonly folder: string;
  readonly logPath: string;
  /** The headers of the last request that reached the origin. */
  lastHeaders(): IncomingHttpHeaders;
  /** Of the program, with the log as its only sink and no limit to the rates. */
  readonly env: Record<string, string>;
};

/** `answer`: for paths that the site does not have; else they are plain text. */
export async function startSite(t: TestContext, answer?: RequestListener): Promise<Site> {
  const folder = tempFolder();
  let last: IncomingHttpHeaders = {};
  const server = createServer((request, response) => {
    last = request.headers;
    if (request.url?.startsWith('/page')) response.setHeader('content-type', 'text/html').end(PAGE);
    else if (answer !== undefined) answer(request, response);
    else response.end('origin');
  }).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
    folder.remove();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const logPath = join(folder.path, 'events.ndjson');
  return {
    origin,
    folder: folder.path,
    logPath,
    lastHeaders: () => last,
    env: {
      FORWARD_DESTINATION: origin,
      HMAC_SECRET: TEST_SECRET,
      JOURNAL_DIR: join(folder.path, 'journal'),
      LOG_PATH: logPath,
      METRICS_ENABLED: 'true',
      RATE_COLLECT: '0',
      RATE_HELLO: '0',
    },
  };
}
