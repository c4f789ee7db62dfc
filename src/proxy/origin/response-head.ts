/**
 * The head of a response (RFC 9112 §4, §5, §6): strict about what two readers could take for different messages,
 * lenient only where the RFC has a proxy mend it (white space before a colon §5.1, folded lines §5.2).
 */
import { isName, type RawHeaders } from '../../http/raw-headers.ts';

/** How the end of a body is known (RFC 9112 §6.3). */
export type Framing =
  | { kind: 'none' }
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  | { kind: 'close' };

export type ResponseHead = {
  ok: true;
  status: number;
  reason: string;
  headers: RawHeaders;
  framing: Framing;
  /** Whether the connection may serve another exchange once this one has ended. */
  keepAlive: boolean;
};
export type HeadFault = { ok: false; fault: string };

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const CLOSE: Framing = { kind: 'close' };

/** Control characters, a CR without LF, a LF without CR: nothing of it may stand in a head or in trailers (RFC 9110 §5.5). */
export const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]|[^\r]\n/;

/** `text` is the head with the CRLF of its last line, one Latin-1 character a byte. `method` is the request's. */
export function parseResponseHead(text: string, method: string): ResponseHead | HeadFault {
  if (FORBIDDEN.test(text)) return { ok: false, fault: 'control character in the head' };
  const lineEnd = text.indexOf('\r\n');
  const status = statusOf(text, lineEnd);
  if (status === 0) return { ok: false, fault: 'status line' };
  const headers = parseHeaderLines(text, lineEnd + 2);
  if (headers === null) return { ok: false, fault: 'header line' };
  const framing = framingOf(headers, { status, method, http10: text[7] === '0' });
  if ('fault' in framing) return { ok: false, fault: framing.fault };
  return { ok: true, status, reason: text.slice(13, lineEnd), headers, ...framing };
}

const ZERO = 0x30;

/** `HTTP/1.x SP 3DIGIT SP [reason]` (RFC 9112 §4), the last space too often left out to insist on it; 0: no. */
function statusOf(text: string, end: number): number {
  if (!text.startsWith('HTTP/1.1 ') && !text.startsWith('HTTP/1.0 ')) return 0;
  if (end < 12 || (end > 12 && text[12] !== ' ')) return 0;
  let status = 0;
  for (let i = 9; i < 12; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status < 100 ? 0 : status;
}

/** Also the trailers of a chunked body, which have the same form (RFC 9112 §7.1.2). Null: a line is none. */
export function parseHeaderLines(text: string, from: number): RawHeaders | null {
  const headers: RawHeaders = [];
  let start = from;
  while (start < text.length) {
    const end = text.indexOf('\r\n', start);
    if (end === -1) return null;
    if (isBlank(text.charCodeAt(start))) {
      if (headers.length === 0) return null;
      headers[headers.length - 1] += ` ${trimmed(text, start, end)}`; // obs-fold, RFC 9112 §5.2
    } else {
      const colon = text.indexOf(':', start);
      if (colon === -1 || colon > end) return null;
      const name = trimmed(text, start, colon);
      if (!isToken(name)) return null;
      headers.push(name, trimmed(text, colon + 1, end));
    }
    start = end + 2;
  }
  return headers;
}

const isBlank = (code: number) => code === 0x20 || code === 0x09;

/** The slice without optional white space around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** RFC 9110 §5.6.2: tchar. */
const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const IS_TOKEN = new Uint8Array(256);
for (const character of TOKEN_CHARACTERS) IS_TOKEN[character.charCodeAt(0)] = 1;

function isToken(name: string): boolean {
  if (name.length === 0) return false;
  for (let i = 0; i < name.length; i++) if (IS_TOKEN[name.charCodeAt(i)] !== 1) return false;
  return true;
}

type Message = { status: number; method: string; http10: boolean };
type FramingResult = { framing: Framing; keepAlive: boolean } | { fault: string };

/** RFC 9112 §6.3, its rules in their order; §9.3 for the connection. */
function framingOf(headers: RawHeaders, message: Message): FramingResult {
  const found = framingHeaders(headers);
  if (found === null) return { fault: 'Content-Length' };
  const { length, coding, connection } = found;
  const keepAlive = message.http10 ? connection === 'keep-alive' : connection !== 'close';
  const { status, method } = message;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304)
    return { framing: NONE, keepAlive };
  if (coding !== '') {
    if (message.http10 || coding !== 'chunked') return { fault: 'Transfer-Encoding' }; // §6.1: faulty framing
    if (length !== -1) return { fault: 'Content-Length beside Transfer-Encoding' }; // response splitting, §6.3
    return { framing: CHUNKED, keepAlive };
  }
  if (length !== -1) return { framing: { kind: 'length', bytes: length }, keepAlive };
  return { framing: CLOSE, keepAlive: false };
}

type FramingHeaders = { length: number; coding: string; connection: '' | 'close' | 'keep-alive' };

/** Null: a Content-Length that is no length, or two that differ. */
function framingHeaders(headers: RawHeaders): FramingHeaders | null {
  const found: FramingHeaders = { length: -1, coding: '', connection: '' };
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    if (name.length === 14 && isName(name, 'content-length')) {
      const length = lengthOf(value);
      if (length === -1 || (found.length !== -1 && found.length !== length)) return null;
      found.length = length;
    } else if (name.length === 17 && isName(name, 'transfer-encoding')) {
      found.coding += (found.coding === '' ? '' : ',') + value.toLowerCase();
    } else if (name.length === 10 && isName(name, 'connection')) {
      found.connection = connectionOf(value, found.connection);
    }
  }
  return found;
}

/** Digits alone; `5, 5` is 5 (RFC 9110 §8.6). -1: no length. */
function lengthOf(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  const parts = value.split(',').map((part) => part.trim());
  return parts.length > 1 && parts.every((part) => part === parts[0]) ? lengthOf(parts[0]!) : -1;
}

function connectionOf(value: string, before: FramingHeaders['connection']): FramingHeaders['connection'] {
  const lower = value.toLowerCase();
  if (lower === 'keep-alive' && before !== 'close') return lower; // most say so
  const words = lower.split(',').map((word) => word.trim());
  if (before === 'close' || words.includes('close')) return 'close';
  return words.includes('keep-alive') ? 'keep-alive' : before;
}
