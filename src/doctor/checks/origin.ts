/** Whether the origin can be reached, where it is, and what it says. */
import { headerValue } from '../../http/raw-headers.ts';
import { errorText } from '../../lib/fs.ts';
import type { Examination } from '../examination.ts';
import type { Answered, Unanswered } from '../probe.ts';
import { error, note, ok, type Row, warning } from '../row.ts';
import { milliseconds, withoutQuery } from '../words.ts';

const NAME = 'origin';
const SLOW_MS = 2000;

export async function checkOrigin({ origin, machine }: Examination): Promise<Row[]> {
  const answer = await origin.page();
  if (!answer.ok) return [failure(origin.text, answer)];
  const rows = [answered(origin.text, answer), ...redirect(answer), ...slowness(answer)];
  const { hostname, socketPath } = origin.place;
  if (socketPath !== undefined) return rows;
  return [...rows, ...(await otherAddresses(hostname, machine))];
}

function answered(text: string, { status, address, connectMs, headMs }: Answered): Row {
  const times = `connected in ${milliseconds(connectMs)}, answered in ${milliseconds(headMs)}`;
  const found = `${text} is ${address}: ${status}, ${times}`;
  if (status < 500) return ok(NAME, found);
  return warning(NAME, found, 'the page itself fails: look at the origin’s log, or name another page');
}

function failure(text: string, { reason, detail }: Unanswered): Row {
  switch (reason) {
    case 'unresolvable':
      return error(
        NAME,
        `${text}: the name has no address (${detail})`,
        'correct the name in FORWARD_DESTINATION, or the resolver of this machine',
      );
    case 'refused':
      return error(
        NAME,
        `${text}: nobody takes the connection (${detail})`,
        'start the origin, or correct host and port in FORWARD_DESTINATION; in a container 127.0.0.1 is the container itself',
      );
    case 'timeout':
      return error(
        NAME,
        `${text}: no answer in time (${detail})`,
        'look for a firewall between this machine and the origin, then at the origin’s load',
      );
    case 'tls':
      return error(
        NAME,
        `${text}: no TLS there (${detail})`,
        'if the origin speaks plain HTTP on this port, write http:// in FORWARD_DESTINATION',
      );
    case 'reset':
    case 'invalid':
      return error(
        NAME,
        `${text}: the answer is not HTTP, or is cut off (${detail})`,
        'if the origin speaks TLS on this port, write https:// in FORWARD_DESTINATION',
      );
  }
}

function redirect({ status, headers }: Answered): Row[] {
  const location = headerValue(headers, 'location');
  if (status < 300 || status > 399 || location === undefined) return [];
  const to = withoutQuery(location);
  return [note(NAME, `the page redirects to ${to}`, `to look at that page: gotrack doctor ${to}`)];
}

function slowness({ headMs }: Answered): Row[] {
  if (headMs < SLOW_MS) return [];
  const found = `the page takes ${milliseconds(headMs)} to its first byte, without us`;
  return [note(NAME, found, 'ORIGIN_TIMEOUT_MS must be longer than the slowest page')];
}

/** A name may have several: some of them may lead elsewhere. */
async function otherAddresses(hostname: string, machine: Examination['machine']): Promise<Row[]> {
  try {
    const addresses = await machine.resolve(hostname.replace(/^\[|\]$/g, ''));
    if (addresses.length < 2) return [];
    return [note(NAME, `${hostname} has ${addresses.length} addresses: ${addresses.slice(0, 8).join(', ')}`)];
  } catch (cause) {
    return [note(NAME, `${hostname} was not resolved a second time: ${errorText(cause)}`)];
  }
}
