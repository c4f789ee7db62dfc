import { stringify } from './natives.ts';

/** Members may be undefined: `toJson` leaves them out. */
export type Loose<T> = { [name in keyof T]?: T[name] | undefined };

/**
 * JSON that no page can bend: `JSON.stringify` asks every object for a `toJSON`, and old libraries put one
 * on `Array.prototype`, so it gets to see no object but a Date. Members without a value (undefined, null,
 * functions, `''`, NaN, `{}`) are left out: absent means unknown.
 * Throws where there are more than 16 levels, so on a cycle, too.
 */
export function toJson(value: unknown, levels = 16): string | undefined {
  if (!levels) throw 0;
  if (Array.isArray(value)) return `[${value.map((one) => toJson(one, levels - 1) ?? null)}]`;
  if (!value || typeof value !== 'object' || (value as Date).toISOString) return stringify(value);
  const members = Object.entries(value).map(([name, member]) => [name, toJson(member, levels - 1)]);
  const known = members.filter(([, text]) => text && !/^(""|{}|null)$/.test(text));
  return `{${known.map(([name, text]) => stringify(name) + ':' + text)}}`;
}
