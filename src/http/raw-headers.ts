/**
 * Headers as they stood on the wire: a flat array `[name, value, name, value, …]` in their order, with
 * their case and their duplicates; values hold one Latin-1 character a byte (node's `rawHeaders`).
 * Nothing here allocates more than the array that it returns.
 */
export type RawHeaders = string[];

/** Whether two header names are the same (RFC 9110 §5.1); `lower` is already lower case. */
export function isName(name: string, lower: string): boolean {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower);
}

/** The first value of a header, or undefined. `lower` is the name in lower case. */
export function headerValue(headers: RawHeaders, lower: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (isName(headers[i]!, lower)) return headers[i + 1];
  }
  return undefined;
}

/** All values of a header in their order. */
export function headerValues(headers: RawHeaders, lower: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (isName(headers[i]!, lower)) values.push(headers[i + 1]!);
  }
  return values;
}

/** All lines of a list-valued header as one list (RFC 9110 §5.3), or undefined where there is none. */
export function headerList(headers: RawHeaders, lower: string): string | undefined {
  let list: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (!isName(headers[i]!, lower)) continue;
    list = list === undefined ? headers[i + 1]! : `${list}, ${headers[i + 1]!}`;
  }
  return list;
}

/** Removes every line of a header, in place. */
export function removeHeader(headers: RawHeaders, lower: string): void {
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2) {
    if (isName(headers[i]!, lower)) continue;
    headers[kept] = headers[i]!;
    headers[kept + 1] = headers[i + 1]!;
    kept += 2;
  }
  headers.length = kept;
}

/** Sets a header to one value, in place: where its first line stood, else at the end. */
export function setHeader(headers: RawHeaders, name: string, value: string): void {
  const lower = name.toLowerCase();
  for (let i = 0; i < headers.length; i += 2) {
    if (!isName(headers[i]!, lower)) continue;
    headers[i + 1] = value;
    removeLaterLines(headers, lower, i + 2);
    return;
  }
  headers.push(name, value);
}

function removeLaterLines(headers: RawHeaders, lower: string, from: number): void {
  for (let i = headers.length - 2; i >= from; i -= 2) {
    if (isName(headers[i]!, lower)) headers.splice(i, 2);
  }
}
