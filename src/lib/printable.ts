/**
 * Foreign text as a terminal may be given it: what would move its cursor, change its colours or turn the direction of
 * writing is shown as an escape.
 */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
