/**
 * Reads request bodies that are meant for us, within three bounds: of one body, of all bodies in flight, and
 * of the share that one client may hold of those, so that a single address cannot keep the others out.
 * A body counts from its first byte until `release`.
 */
import type { ClientReq, ClientRes } from './client-message.ts';
import { headerValue } from './raw-headers.ts';

/** How long what still arrives is thrown away before the connection closes. */
const LINGER_MS = 1_000;

export type BodyReaderOptions = {
  /** All bodies in flight, bytes. */
  readonly maxTotalBytes: number;
  /** Of those, what one owner may hold, bytes. */
  readonly maxOwnerBytes: number;
  /** From the call until the last byte, milliseconds. */
  readonly timeoutMs: number;
};

export type BodyLimit = {
  /** Of this body, bytes. */
  readonly maxBytes: number;
  /** Whose share it counts against: the client's ipKey. */
  readonly owner: string;
};

/** `gone`: the client left, there is nobody to answer. After any failure the rest was not read. */
export type BodyFailure = 'too-large' | 'busy' | 'slow' | 'gone';
export type BodyReading =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly reason: BodyFailure };

export type BodyReader = {
  /** Never rejects. A body that was read is charged until it is released. */
  read(clientReq: ClientReq, limit: BodyLimit): Promise<BodyReading>;
  release(body: Buffer, owner: string): void;
  /** Bytes charged now. */
  inFlight(): number;
};

export function createBodyReader(options: BodyReaderOptions): BodyReader {
  const budget = createBudget(options);

  function read(clientReq: ClientReq, limit: BodyLimit): Promise<BodyReading> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const timer = setTimeout(() => fail('slow'), options.timeoutMs);

      function onData(chunk: Buffer): void {
        if (bytes + chunk.length > limit.maxBytes) return fail('too-large');
        if (!budget.take(limit.owner, chunk.length)) return fail('busy');
        bytes += chunk.length;
        chunks.push(chunk);
      }
      function onEnd(): void {
        stop();
        resolve({ ok: true, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes) });
      }
      function onGone(): void {
        fail('gone');
      }
      function fail(reason: BodyFailure): void {
        stop();
        budget.give(limit.owner, bytes);
        clientReq.pause();
        resolve({ ok: false, reason });
      }
      function stop(): void {
        clearTimeout(timer);
        clientReq.off('data', onData).off('end', onEnd).off('close', onGone);
      }

      if (clientReq.destroyed) return fail('gone');
      clientReq.on('data', onData).on('end', onEnd).on('close', onGone);
      // An aborted request emits an error that nobody else hears, and then 'close', which answers it.
      clientReq.on('error', ignoreAbort);
    });
  }

  return { read, release: (body, owner) => budget.give(owner, body.length), inFlight: budget.total };
}

/**
 * Tells a client that holds its body back to send it (RFC 9110 §10.1.1): for whoever is about to read the body,
 * after everything that would refuse it unread.
 */
export function askForBody({ clientReq, clientRes }: AskedClient): void {
  if (clientReq.httpVersion !== '1.0' && headerValue(clientReq.rawHeaders, 'expect') !== undefined)
    clientRes.writeContinue();
}

type AskedClient = {
  clientReq: Pick<ClientReq, 'httpVersion' | 'rawHeaders'>;
  clientRes: Pick<ClientRes, 'writeContinue'>;
};

/**
 * Answers in full, then closes a connection whose request is not read to its end. What still arrives is
 * thrown away for a moment: closing on unread bytes makes TCP reset the connection, and the client would
 * lose the answer (RFC 9112 §9.6). `headers` is flat, has Content-Length and no `Connection`; `body` is not
 * empty.
 */
export function answerAndClose(
  clientRes: ClientRes,
  answer: { readonly status: number; readonly headers: readonly string[]; readonly body: string },
): void {
  const clientReq = clientRes.req;
  clientRes.shouldKeepAlive = false;
  clientRes.writeHead(answer.status, [...answer.headers, 'Connection', 'close']);
  clientRes.write(answer.body);
  const timer = setTimeout(finish, LINGER_MS);
  function finish(): void {
    clearTimeout(timer);
    clientReq.off('end', finish).off('close', finish);
    clientRes.end();
  }
  if (clientReq.readableEnded) return finish();
  clientReq.on('end', finish).on('close', finish).on('error', ignoreAbort);
  clientReq.resume();
}

function ignoreAbort(): void {}

type Budget = {
  take(owner: string, bytes: number): boolean;
  give(owner: string, bytes: number): void;
  total(): number;
};

/** Owners stand in the table only while they hold something, so it is as small as the connections are few. */
function createBudget(options: BodyReaderOptions): Budget {
  const held = new Map<string, number>();
  let total = 0;

  function take(owner: string, bytes: number): boolean {
    const own = (held.get(owner) ?? 0) + bytes;
    if (total + bytes > options.maxTotalBytes || own > options.maxOwnerBytes) return false;
    held.set(owner, own);
    total += bytes;
    return true;
  }

  function give(owner: string, bytes: number): void {
    const own = (held.get(owner) ?? 0) - bytes;
    if (own > 0) held.set(owner, own);
    else held.delete(owner);
    total -= bytes;
  }

  return { take, give, total: () => total };
}
