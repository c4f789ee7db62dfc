/**
 * Counts requests and their time. One listener for all requests, and metric children looked up once: this
 * runs for everything that passes.
 */
import type { ClientRes } from '../http/client-message.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Route } from './route.ts';

export type Endpoint = Route['kind'] | 'refused';
export type ObserveRequest = (endpoint: Endpoint, clientRes: ClientRes) => void;

type Observed = ClientRes & { [STARTED]?: number; [ENDPOINT]?: Endpoint };
const STARTED = Symbol('started');
const ENDPOINT = Symbol('endpoint');

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function createObserve(
  metrics: Pick<Metrics, 'httpRequests' | 'httpSeconds'>,
  monotonic: () => number,
): ObserveRequest {
  type Children = { count: { inc(): void }; seconds: { observe(value: number): void } };
  const known = new Map<string, Children>();

  /** At most endpoints × methods × status classes of them. */
  function childrenOf(endpoint: Endpoint, method: string, status: string): Children {
    const key = `${endpoint} ${method} ${status}`;
    let children = known.get(key);
    if (children === undefined) {
      const count = metrics.httpRequests.labels(endpoint, method, status);
      children = { count, seconds: metrics.httpSeconds.labels(endpoint, method) };
      known.set(key, children);
    }
    return children;
  }

  function onClose(this: Observed): void {
    const method = METHODS.has(this.req.method!) ? this.req.method! : 'other';
    const status = this.headersSent ? `${Math.floor(this.statusCode / 100)}xx` : 'aborted';
    const children = childrenOf(this[ENDPOINT]!, method, status);
    children.count.inc();
    children.seconds.observe((monotonic() - this[STARTED]!) / 1000);
  }

  return function observe(endpoint, clientRes: Observed) {
    clientRes[STARTED] = monotonic();
    clientRes[ENDPOINT] = endpoint;
    clientRes.once('close', onClose);
  };
}
