import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;

/**
 * Whether a request names us by a name that only we can have: a loopback name, the address on which it came
 * in, or one that the owner listed. A page that rebinds its own name to our address keeps sending that name,
 * so it is none of these. The port plays no part: a container's may be mapped.
 */
export function isAllowedHost(clientReq: IncomingMessage, allowed: ReadonlySet<string>): boolean {
  const name = hostNameOf(clientReq.rawHeaders);
  if (name === null) return false;
  return LOOPBACK.test(name) || name === ownAddress(clientReq) || allowed.has(name);
}

/** The name without its port, in lower case, an IPv6 address without brackets; null unless there is just one. */
function hostNameOf(rawHeaders: readonly string[]): string | null {
  let host: string | null = null;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'host') continue;
    if (host !== null) return null;
    host = rawHeaders[i + 1]!;
  }
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/.exec((host ?? '').toLowerCase());
  return match?.[1] ?? match?.[2] ?? null;
}

function ownAddress({ socket }: IncomingMessage): string | undefined {
  return socket.localAddress?.replace(/^::ffff:/, '');
}
