/**
 * What must come out of a proxy that changes nothing but what the contract names, reckoned from what went in.
 * Shares no code with `src/`, on purpose.
 */
import type { HeaderLine } from '../../support/message.ts';

const HOP_BY_HOP = [
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'transfer-encoding', 'upgrade'],
];
/** Set by us, or an untrusted peer's to be taken away. */
const REPLACED_IN_REQUESTS = [
  ...[
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-port',
    'forwarded',
    'x-real-ip',
  ],
  ...['via', 'x-request-id', 'x-gotrack-score', 'x-gotrack-label', 'x-gotrack-reasons'],
];
/** Where these stand says nothing. */
const MAY_MOVE = ['host', 'content-length'];

/** A request's headers as they were sent or as the origin got them, down to what must be the same in both. */
export const requestEssence = (headers: readonly HeaderLine[]): HeaderLine[] =>
  essence(headers, REPLACED_IN_REQUESTS);

/** The same for a response; an origin's missing Date is ours to add. */
export const responseEssence = (headers: readonly HeaderLine[]): HeaderLine[] =>
  essence(headers, ['via', 'date']);

function essence(headers: readonly HeaderLine[], without: readonly string[]): HeaderLine[] {
  const listed = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((word) => word.trim());
  const gone = new Set([...HOP_BY_HOP, ...listed, ...without]);
  const kept = headers.filter(([name]) => !gone.has(name.toLowerCase()));
  const moves = ([name]: HeaderLine) => MAY_MOVE.includes(name.toLowerCase());
  return [...kept.filter((line) => !moves(line)), ...kept.filter(moves).sort()];
}
