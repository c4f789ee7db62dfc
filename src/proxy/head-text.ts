/** A head as text, for sockets that are no longer node's HTTP server's (RFC 9112 §4, §5). */
import { isName, type RawHeaders } from '../http/raw-headers.ts';

/** Latin-1, with the empty line; `without` is the lower-case name of a header to leave out. */
export function headText(
  { status, reason }: { status: number; reason: string },
  headers: RawHeaders,
  without = '',
): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    if (!isName(headers[i]!, without)) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  }
  return `${text}\r\n`;
}
