/** A moment as a person writes it on a command line. */

const AGO = /^(\d{1,6})(s|m|h|d)$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** RFC 3339, and the same without seconds; a zone is asked for, since a log knows none of the reader's. */
const MOMENT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;

export const MOMENT_FORMS =
  'a time with its zone, such as 2026-11-24T10:00Z, or how long ago: 90s, 15m, 2h, 7d';

/** Epoch milliseconds, or null for what is none of `MOMENT_FORMS`. `now`: epoch milliseconds. */
export function parseMoment(text: string, now: number): number | null {
  const ago = AGO.exec(text);
  if (ago !== null) return now - Number(ago[1]) * SECONDS[ago[2]!]! * 1000;
  if (!MOMENT.test(text)) return null;
  const ms = Date.parse(text.toUpperCase().replace(' ', 'T'));
  return Number.isNaN(ms) ? null : ms;
}
