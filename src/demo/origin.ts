/**
 * The demo's origin: a small shop that knows nothing of a tracker, for the proxy to stand in front of.
 * Between them its pages show what the proxy must cope with: gzip and plain, whole and streamed, personal
 * and shared, a strict policy, redirects with cookies, JSON, images and server-sent events.
 *
 * Invariants: nothing a visitor sends is kept beyond a bounded table of sessions; everything that is echoed
 * went through `html`; no page asks anything of another host.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../lib/clock.ts';
import { createKiln } from './kiln.ts';
import { readForm } from './read-form.ts';
import { type Reply, textReply } from './reply.ts';
import { answer } from './routes.ts';
import { send } from './send.ts';
import { createSessions } from './sessions.ts';
import { readStaticFiles } from './static-files.ts';
import { parseCookies, type Shop, type Visit } from './visit.ts';

export type DemoSiteOptions = {
  /** Where to listen: 127.0.0.1 and a free port unless said otherwise. */
  host?: string;
  port?: number;
};

export type DemoSiteDeps = {
  clock: Clock;
  /** For session ids and nonces: unpredictable. */
  randomBytes: (size: number) => Buffer;
  /** A page that threw; its visitor got a 500. */
  onFault: (fault: unknown) => void;
};

/** The shop stands by itself: where nobody watches it, it has the machine's own clock and says its faults. */
const ON_ITS_OWN: DemoSiteDeps = {
  clock: systemClock,
  randomBytes,
  onFault: (fault) => console.error('demo site:', fault),
};

export type DemoSite = {
  /** Resolves when connections are taken; rejects where the address cannot be had. */
  listen(): Promise<AddressInfo>;
  /** Cuts what is open. */
  close(): Promise<void>;
};

export function createDemoSite(options: DemoSiteOptions = {}, deps: DemoSiteDeps = ON_ITS_OWN): DemoSite {
  const { host = '127.0.0.1', port = 0 } = options;
  const shop: Shop = {
    clock: deps.clock,
    randomBytes: deps.randomBytes,
    sessions: createSessions(deps),
    kiln: createKiln(deps),
    files: readStaticFiles(new URL('./assets/', import.meta.url)),
  };
  const server = createServer((clientReq, clientRes) => {
    replyTo(clientReq, shop)
      .catch((fault: unknown) => replyToFault(clientReq, fault))
      .then((reply) => send(clientReq, clientRes, reply))
      .catch((fault: unknown) => {
        deps.onFault(fault);
        clientRes.destroy();
      });
  });

  function replyToFault(clientReq: IncomingMessage, fault: unknown): Reply {
    // A client that left in the middle of its form is no fault of a page.
    if (!clientReq.destroyed) deps.onFault(fault);
    return textReply(500, 'Something fell off the shelf.');
  }

  async function listen(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(port, host, resolve);
    await promise;
    server.off('error', reject);
    return server.address() as AddressInfo;
  }

  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  return { listen, close };
}

async function replyTo(clientReq: IncomingMessage, shop: Shop): Promise<Reply> {
  const target = clientReq.url ?? '/';
  const mark = target.indexOf('?');
  const visit: Visit = {
    method: clientReq.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    params: {},
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    form: new URLSearchParams(),
    cookies: parseCookies(clientReq.headers.cookie),
  };
  if (visit.method !== 'POST') return answer(visit, shop);
  const form = await readForm(clientReq);
  if (form.ok) return answer({ ...visit, form: form.fields }, shop);
  return form.reason === 'type'
    ? textReply(415, 'Forms are sent as application/x-www-form-urlencoded.')
    : textReply(413, 'That is more than a form of ours can hold.', { Connection: 'close' });
}
