/** The end of every chain of writers: a response onto the client's socket. */
import type { ClientRes } from '../http/client-message.ts';
import { isName, type RawHeaders, removeHeader } from '../http/raw-headers.ts';
import type { ResponseHead, ResponseWriter } from '../http/response-writer.ts';

/** Up to here node joins head and body into one string, and so into one write. */
const ONE_WRITE_BYTES = 4096;

/** A class, because one is made for each request. */
export class ClientWriter implements ResponseWriter {
  readonly #clientRes: ClientRes;
  /** Body bytes that Content-Length still promises; -1 where there is none. */
  #remaining = -1;
  /** The head waits for the first bytes of the body, so that both go out in one write. */
  #headWaits = false;
  #ended = false;

  constructor(clientRes: ClientRes) {
    this.#clientRes = clientRes;
  }

  onDrain(resume: () => void): void {
    this.#clientRes.on('drain', resume);
  }

  head(head: ResponseHead): void {
    this.#remaining = contentLengthLast(head.headers);
    if (!this.#takesTrailers(head.status)) removeHeader(head.headers, 'trailer'); // node throws otherwise
    this.#clientRes.writeHead(head.status, head.reason, head.headers);
    this.#headWaits = true;
    setImmediate(flushHead, this);
  }

  data(chunk: Buffer): boolean {
    this.#headWaits = false;
    if (this.#remaining !== chunk.length) {
      if (this.#remaining > 0) this.#remaining -= chunk.length;
      return this.#clientRes.write(chunk);
    }
    this.#ended = true;
    if (chunk.length <= ONE_WRITE_BYTES) this.#clientRes.end(chunk.toString('latin1'), 'latin1');
    else this.#clientRes.end(chunk);
    return true;
  }

  isHolding(): boolean {
    return this.#clientRes.writableLength > 0;
  }

  end(trailers: RawHeaders): void {
    if (this.#ended) return;
    this.#headWaits = false;
    if (trailers.length > 0) this.#clientRes.addTrailers(pairs(trailers));
    this.#clientRes.end();
  }

  /** A length or chunks that do not come to their end say it; a body that only the close ends needs a reset. */
  abort(): void {
    const { req, socket } = this.#clientRes;
    const endsWithClose = this.#remaining === -1 && req.httpVersion === '1.0';
    if (socket === null) cutWhenItsTurnComes(this.#clientRes);
    else if (endsWithClose) socket.resetAndDestroy();
    else this.#clientRes.destroy();
  }

  /** The origin sends its body in its own time, perhaps hours later: its head must not wait for that. */
  flush(): void {
    if (!this.#headWaits) return;
    this.#headWaits = false;
    this.#clientRes.flushHeaders();
  }

  /** RFC 9112 §7.1.2: trailers end a chunked body, which is what node makes of one without a length in HTTP/1.1. */
  #takesTrailers(status: number): boolean {
    const { method, httpVersion } = this.#clientRes.req;
    const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
    return hasBody && this.#remaining === -1 && httpVersion !== '1.0';
  }
}

function flushHead(writer: ClientWriter): void {
  writer.flush();
}

/** Of pipelined requests, this one's answer waits behind another's: node would let it wait for ever. */
function cutWhenItsTurnComes(clientRes: ClientRes): void {
  clientRes.once('socket', (socket) => socket.destroy());
}

/**
 * Moves Content-Length to the end, in place: node encodes the headers behind it as UTF-8, which mangles a
 * Latin-1 Content-Disposition (node issue 50978). Returns its value, or -1.
 */
function contentLengthLast(headers: RawHeaders): number {
  for (let i = 0; i < headers.length; i += 2) {
    if (!isName(headers[i]!, 'content-length')) continue;
    const [name, value] = headers.splice(i, 2);
    headers.push(name!, value!);
    return Number(value);
  }
  return -1;
}

function pairs(flat: RawHeaders): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) result.push([flat[i]!, flat[i + 1]!]);
  return result;
}
