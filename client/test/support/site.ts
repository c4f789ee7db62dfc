import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildTracker } from '../../build.ts';
import { type Collector, createCollector } from './collector.ts';

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const BODY_END = '</body></html>';

/** A page of the test's own site, up to `</body>`, and what of ours is written into it. */
export type Page = {
  html: string;
  /** `personal`: token and key; `shared`: neither, the same for everybody; `none`: the page without us. */
  snippet?: 'personal' | 'shared' | 'none';
  /** More attributes of the script element, as text. */
  attributes?: string;
  headers?: Record<string, string>;
};

export type Site = {
  origin(host?: string): string;
  port: number;
  collector: Collector;
  close(): Promise<void>;
};

/** Serves pages by their path (without the query) and collects what they send. */
export async function openSite(pages: Record<string, Page>): Promise<Site> {
  await buildTracker();
  const script = readFileSync(join(import.meta.dirname, '../../dist/tracker.js'), 'utf8');
  const collector = createCollector();
  const server = createServer((clientReq, clientRes) => {
    if (collector.handle(clientReq, clientRes)) return;
    const path = new URL(String(clientReq.url), 'http://site').pathname;
    if (path === '/px.gif') return void clientRes.writeHead(200, { 'content-type': 'image/gif' }).end(GIF);
    if (path === '/favicon.ico') return void clientRes.writeHead(204).end();
    const page = pages[path];
    if (!page) return void clientRes.writeHead(404).end();
    clientRes.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...page.headers });
    clientRes.end(page.html + snippet(page, script, String(clientReq.headers.host), collector) + BODY_END);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: (host = 'localhost') => `http://${host}:${port}`,
    port,
    collector,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function snippet(page: Page, script: string, host: string, collector: Collector): string {
  if (page.snippet === 'none') return '';
  const { token, key, now, ttl } = collector.issue();
  const personal = `data-token="${token}" data-key="${key}" data-now="${now}" data-ttl="${ttl}"`;
  const attributes = `${page.snippet === 'shared' ? '' : personal} ${page.attributes ?? ''}`;
  const pixel = `<img src="//${host}/px.gif?e=pageview&auto=1&url=x" width="1" height="1" alt="" hidden>`;
  return `${pixel}<script ${attributes}>${script}</script>`;
}
