/** Numbers and foreign text as people read them. */

const DAY_MS = 86_400_000;
const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

export function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : seconds(ms);
}

export function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** Whole days; null where the end is not known. */
export function daysUntil(end: number | null, now: number): number | null {
  return end === null ? null : Math.floor((end - now) / DAY_MS);
}

export function bytesText(bytes: number): string {
  let unit = 0;
  let rest = bytes;
  while (rest >= 1024 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${UNITS[unit]}`;
}

/** A URL as it may be shown: what stands in its query may be a secret. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : `${url.slice(0, end)}${url[end]}…`;
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
