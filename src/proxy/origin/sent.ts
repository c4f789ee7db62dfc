import type { Connection, Job } from './connection.ts';
import type { OriginExchange, OriginRequest, OriginResponseHandler } from './origin-client.ts';

/** One request on its way: waiting, on a connection, or over. A class, because one is made for each request. */
export class Sent implements OriginExchange, Job {
  readonly request: OriginRequest;
  readonly handler: OriginResponseHandler;
  connection: Connection | null = null;
  aborted = false;

  constructor(request: OriginRequest, handler: OriginResponseHandler) {
    this.request = request;
    this.handler = handler;
  }

  resume(): void {
    this.connection?.resume();
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.connection?.destroy();
  }
}
