/**
 * Bytes of one connection into the parts of responses (RFC 9112). A state is one member of a union; `execute`
 * moves from state to state until the bytes are used up. Everything that is wrong ends in one fault, after which
 * the connection is good for nothing.
 */
import type { RawHeaders } from '../../http/raw-headers.ts';
import { FORBIDDEN, parseHeaderLines, parseResponseHead, type ResponseHead } from './response-head.ts';

export type ParserEvents = {
  /** Also for each 1xx. */
  onHead(head: ResponseHead): void;
  onData(chunk: Buffer): void;
  /** `surplus`: bytes followed that nobody asked for, so the connection must not serve another exchange. */
  onEnd(trailers: RawHeaders, surplus: boolean): void;
  onFault(fault: string): void;
};

type State =
  | { kind: 'idle' }
  | { kind: 'head' }
  | { kind: 'length'; left: number }
  | { kind: 'close' }
  | { kind: 'chunk-size' }
  | { kind: 'chunk-data'; left: number }
  | { kind: 'chunk-end' }
  | { kind: 'trailers' }
  | { kind: 'broken' };

const IDLE: State = { kind: 'idle' };
const HEAD: State = { kind: 'head' };
const CLOSE: State = { kind: 'close' };
const CHUNK_SIZE: State = { kind: 'chunk-size' };
const CHUNK_END: State = { kind: 'chunk-end' };
const TRAILERS: State = { kind: 'trailers' };
const BROKEN: State = { kind: 'broken' };

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CHUNK_LINE_BYTES = 8 * 1024;
const NO_TRAILERS: RawHeaders = [];
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LF = 0x0a;

export type ResponseParser = {
  /** The next response answers a request with this method. */
  expect(method: string): void;
  execute(bytes: Buffer): void;
  /** The origin closed its side: the end of a body without framing. Any other response was cut, if one was due. */
  finish(): void;
  /** Whether nothing is under way, so that the connection may serve the next exchange. */
  isIdle(): boolean;
};

export function createResponseParser(events: ParserEvents): ResponseParser {
  let state: State = IDLE;
  let method = '';
  /** The start of a head, of a chunk's size line or of trailers whose end has not arrived. */
  let held: Buffer | null = null;
  /** Set by the step that reached the end of a response. */
  let ended: RawHeaders | null = null;

  function fail(fault: string): number {
    state = BROKEN;
    held = null;
    events.onFault(fault);
    return -1;
  }

  /** Told last, when it is known whether bytes follow: the listener may start the next exchange at once. */
  function tellEnd(surplus: boolean): void {
    const trailers = ended!;
    ended = null;
    state = surplus ? BROKEN : IDLE;
    events.onEnd(trailers, surplus);
  }

  /** Each reader takes bytes from `at` and returns where the next state goes on, or -1 to stop. */
  function step(bytes: Buffer, at: number): number {
    switch (state.kind) {
      case 'idle':
        return fail('bytes that no request asked for');
      case 'head':
        return readHead(bytes, at);
      case 'length':
        return readCounted(bytes, at, state);
      case 'chunk-data':
        return readCounted(bytes, at, state);
      case 'close':
        events.onData(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case 'chunk-size':
        return readChunkSize(bytes, at);
      case 'chunk-end':
        return readChunkEnd(bytes, at);
      case 'trailers':
        return readTrailers(bytes, at);
      case 'broken':
        return -1;
    }
  }

  function readHead(bytes: Buffer, at: number): number {
    const blank = bytes.indexOf(END_OF_HEAD, at);
    if ((blank === -1 ? bytes.length : blank) - at > MAX_HEAD_BYTES) return fail('head too large');
    if (blank === -1) return hold(bytes, at);
    const head = parseResponseHead(bytes.toString('latin1', at, blank + 2), method);
    if (!head.ok) return fail(head.fault);
    if (head.status === 101) return fail('101 to a request that asked for no upgrade');
    state = head.status < 200 ? HEAD : stateFor(head);
    if (state.kind === 'length' && state.left === 0) ended = NO_TRAILERS;
    events.onHead(head);
    return blank + 4;
  }

  function readCounted(
    bytes: Buffer,
    at: number,
    counted: { kind: 'length' | 'chunk-data'; left: number },
  ): number {
    const available = bytes.length - at;
    const take = Math.min(available, counted.left);
    counted.left -= take;
    const whole = at === 0 && take === bytes.length;
    if (counted.left === 0 && counted.kind === 'length') ended = NO_TRAILERS;
    else if (counted.left === 0) state = CHUNK_END;
    events.onData(whole ? bytes : bytes.subarray(at, at + take));
    return at + take;
  }

  /** `chunk-size [chunk-ext] CRLF` (RFC 9112 §7.1); extensions are hop-by-hop and end here. */
  function readChunkSize(bytes: Buffer, at: number): number {
    const lineFeed = bytes.indexOf(LF, at);
    if ((lineFeed === -1 ? bytes.length : lineFeed) - at > MAX_CHUNK_LINE_BYTES)
      return fail('chunk line too long');
    if (lineFeed === -1) return hold(bytes, at);
    const size = chunkSizeOf(bytes.toString('latin1', at, lineFeed + 1));
    if (size === -1) return fail('chunk size');
    state = size === 0 ? TRAILERS : { kind: 'chunk-data', left: size };
    return lineFeed + 1;
  }

  function readChunkEnd(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return hold(bytes, at);
    if (bytes[at] !== 0x0d || bytes[at + 1] !== LF) return fail('chunk longer than its size');
    state = CHUNK_SIZE;
    return at + 2;
  }

  function readTrailers(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return hold(bytes, at);
    if (bytes[at] === 0x0d && bytes[at + 1] === LF) {
      ended = NO_TRAILERS;
      return at + 2;
    }
    const blank = bytes.indexOf(END_OF_HEAD, at);
    if ((blank === -1 ? bytes.length : blank) - at > MAX_HEAD_BYTES) return fail('trailers too large');
    if (blank === -1) return hold(bytes, at);
    const text = bytes.toString('latin1', at, blank + 2);
    const trailers = FORBIDDEN.test(text) ? null : parseHeaderLines(text, 0);
    if (trailers === null) return fail('trailer line');
    ended = trailers;
    return blank + 4;
  }

  function hold(bytes: Buffer, at: number): number {
    held = Buffer.from(bytes.subarray(at));
    return bytes.length;
  }

  function execute(bytes: Buffer): void {
    let rest = bytes;
    if (held !== null) {
      rest = Buffer.concat([held, bytes]);
      held = null;
    }
    let at = 0;
    while (at !== -1 && at < rest.length) {
      at = step(rest, at);
      if (ended !== null) return tellEnd(at < rest.length);
    }
  }

  function finish(): void {
    if (state.kind !== 'close') return;
    ended = NO_TRAILERS;
    tellEnd(false);
  }

  return {
    expect: (requestMethod) => {
      method = requestMethod;
      state = HEAD;
    },
    execute,
    finish,
    isIdle: () => state.kind === 'idle' && held === null,
  };
}

function stateFor({ framing }: ResponseHead): State {
  switch (framing.kind) {
    case 'none':
      return { kind: 'length', left: 0 };
    case 'length':
      return { kind: 'length', left: framing.bytes };
    case 'chunked':
      return CHUNK_SIZE;
    case 'close':
      return CLOSE;
  }
}

/** -1: no chunk size. The line has its CRLF. */
function chunkSizeOf(line: string): number {
  const match = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n$/.exec(line);
  return match === null ? -1 : Number.parseInt(match[1]!, 16);
}
