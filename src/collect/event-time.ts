/** When an event happened (events: "timestamp"). */

/** The client's own clock against ours, as the signature of its POST tells. */
export type ClockReading = {
  /** Epoch milliseconds when the request arrived. */
  readonly receivedAt: number;
  /** The signed `t`: the client's idea of our clock; null without a signature. */
  readonly signedAt: number | null;
  /** `page.sent_at`: the client's clock when it signed. */
  readonly sentAt: number | undefined;
};

export type EventTime = {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Whether it differs from what the client said by more than the way to us explains. */
  readonly adjusted: boolean;
};

const MAX_AHEAD_MS = 5 * 60_000;
const MAX_BEHIND_MS = 24 * 3_600_000;

/**
 * The client's time, moved by the offset of its clock, where that is within 5 minutes after and 24 hours
 * before ours; else the time at which the event came.
 */
export function timeOf(claimed: unknown, clock: ClockReading): EventTime {
  if (claimed === undefined) return { at: clock.receivedAt, adjusted: false };
  const said = typeof claimed === 'string' ? parseRfc3339(claimed) : null;
  if (said === null) return { at: clock.receivedAt, adjusted: true };
  const offset = offsetOf(clock);
  const at = Math.round(said + offset);
  const ahead = at - clock.receivedAt;
  if (!(ahead <= MAX_AHEAD_MS && ahead >= -MAX_BEHIND_MS)) return { at: clock.receivedAt, adjusted: true };
  return { at, adjusted: Math.abs(offset) > MAX_AHEAD_MS };
}

/** A server's own clock is believed, and it may import what happened years ago. */
export function timeOfServer(claimed: unknown, { receivedAt }: Pick<ClockReading, 'receivedAt'>): EventTime {
  const said = typeof claimed === 'string' ? parseRfc3339(claimed) : null;
  return said === null ? { at: receivedAt, adjusted: true } : { at: said, adjusted: false };
}

function offsetOf({ signedAt, sentAt }: ClockReading): number {
  return signedAt === null || sentAt === undefined ? 0 : signedAt - sentAt;
}

const MAX_CHARACTERS = 64;
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const FIRST_YEAR = 1970;
const END_OF_9999 = Date.UTC(10_000, 0);

/** Epoch milliseconds, or null where the text is no RFC 3339 time with a zone in the years 1970 to 9999. */
export function parseRfc3339(text: string): number | null {
  const parts = text.length <= MAX_CHARACTERS ? RFC_3339.exec(text) : null;
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < FIRST_YEAR || hour > 23 || minute > 59 || second > 59 || !isDay(year, month, day)) return null;
  const offset = offsetMinutes(parts[8], Number(parts[9]), Number(parts[10]));
  if (offset === null) return null;
  const fraction = Number((parts[7] ?? '').slice(1, 4).padEnd(3, '0'));
  const at = Date.UTC(year, month - 1, day, hour, minute - offset, second, fraction);
  return at >= 0 && at < END_OF_9999 ? at : null;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDay(year: number, month: number, day: number): boolean {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeapYear ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

/** East of Greenwich is positive. */
function offsetMinutes(sign: string | undefined, hours: number, minutes: number): number | null {
  if (sign === undefined) return 0;
  if (hours > 23 || minutes > 59) return null;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
}
