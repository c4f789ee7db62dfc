/** One event on one line of a terminal, whichever LOG_FORMAT it was written in. */
import { printable } from '../lib/printable.ts';

/** What is shown of an event, and what it can be chosen by; empty where it says nothing. */
export type EventView = {
  /** Epoch milliseconds of its receipt; null: not known. */
  readonly receivedMs: number | null;
  readonly type: string;
  readonly address: string;
  readonly url: string;
  /** What matters of this type of event. */
  readonly note: string;
};

export type LineStyle = {
  /** Of the terminal; null: lines are as long as they are. */
  readonly columns: number | null;
  readonly colours: boolean;
};

type Json = Readonly<Record<string, unknown>>;

/** Null: the line is no event. */
export function viewOf(line: string): EventView | null {
  const event = parse(line);
  if (event === null) return null;
  return 'ecs' in event ? viewOfEcs(event) : viewOfEnvelope(event);
}

function parse(line: string): Json | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

function viewOfEnvelope(event: Json): EventView {
  const server = group(event, 'server');
  return {
    receivedMs: msOf(server.received_at ?? event.timestamp),
    type: text(event.type),
    address: text(event.ip ?? event.ip_hash),
    url: text(event.url),
    note: noteOf(group(event, 'payload'), server),
  };
}

function viewOfEcs(event: Json): EventView {
  const { action, ingested, risk_score: score } = group(event, 'event');
  const gotrack = group(event, 'gotrack');
  const server = group(gotrack, 'server');
  const { response } = group(event, 'http');
  const status = group({ response }, 'response').status_code;
  const document = 'document' in server ? { document: { ...group(server, 'document'), status } } : {};
  const verdict = score === undefined ? {} : { verdict: { score, ...group(server, 'verdict') } };
  return {
    receivedMs: msOf(ingested ?? event['@timestamp']),
    type: text(action),
    address: text(group(event, 'client').ip ?? group(event, 'labels').ip_hash),
    url: text(group(event, 'url').original),
    note: noteOf(group(gotrack, 'payload'), { ...server, ...document, ...verdict }),
  };
}

function noteOf(payload: Json, server: Json): string {
  const { status, injection } = group(server, 'document');
  const click = group(payload, 'click');
  const error = group(payload, 'error');
  const { label, score } = group(server, 'verdict');
  const vitals = Object.entries(group(payload, 'vital')).map(
    ([name, measure]) => `${name} ${text((measure as Json | null)?.value)}`,
  );
  const parts = [
    status,
    injection,
    click.name ?? click.tag,
    click.href,
    error.type,
    error.file,
    ...vitals,
    label,
    score,
  ];
  return parts
    .map(text)
    .filter((part) => part !== '')
    .join(' ');
}

const group = (of: Json, name: string): Json => {
  const value = of[name];
  return typeof value === 'object' && value !== null ? (value as Json) : {};
};

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

function msOf(value: unknown): number | null {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) ? null : ms;
}

const TYPE_WIDTH = 10;
const ADDRESS_WIDTH = 15;
/** A terminal that says it is narrower than this does not know (0), or has no use for cut lines. */
const MIN_COLUMNS = 60;
/** SGR codes: what the proxy saw, what a client did, what went wrong. */
const CODES: Readonly<Record<string, string>> = {
  document: '2',
  pixel: '2',
  verdict: '35',
  error: '31',
  conversion: '32',
};
const OTHER_CODE = '36';

/** Without a line feed. Nothing that a client sent can steer the terminal. */
export function lineOf({ receivedMs, type, address, url, note }: EventView, style: LineStyle): string {
  const time = receivedMs === null ? '??:??:??.???' : new Date(receivedMs).toISOString().slice(11, 23);
  const head = `${time}  ${printable(type).padEnd(TYPE_WIDTH)}`;
  const rest = printable(
    [address.slice(0, ADDRESS_WIDTH).padEnd(ADDRESS_WIDTH), url, note].join('  '),
  ).trimEnd();
  const columns =
    style.columns === null || style.columns < MIN_COLUMNS ? Number.POSITIVE_INFINITY : style.columns;
  const room = columns - head.length - 2;
  const cut = rest.length > room ? `${rest.slice(0, room - 1)}…` : rest;
  if (!style.colours) return `${head}  ${cut}`;
  const code = Object.hasOwn(CODES, type) ? CODES[type] : OTHER_CODE;
  return `\u001b[2m${time}\u001b[0m  \u001b[${code}m${head.slice(time.length + 2)}\u001b[0m  ${cut}`;
}
