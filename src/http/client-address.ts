/**
 * Who the client is (protocol: "Client address"). One function resolves it, once per request; signatures,
 * events, limits and forwarded headers all use its answer. Nothing that an untrusted peer says is believed.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { createLru } from '../lib/lru.ts';
import type { ClientAddress } from './exchange.ts';
import { headerValues, type RawHeaders } from './raw-headers.ts';

/** An address range: the first address in ipaddr.js's form and the bits that count. */
type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** TRUST_PROXY: nobody, the peer, that many hops, or the peers of these ranges. */
export type TrustProxy =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'ranges'; readonly ranges: readonly Range[] };

export type ClientAddressOptions = {
  readonly trust: TrustProxy;
  /** CLIENT_IP_HEADERS in lower case, the most believed first. */
  readonly clientIpHeaders: readonly string[];
};

/** `peer` is the socket's remote address; undefined when it is gone already, which gives `0.0.0.0`. */
export type ResolveAddress = (peer: string | undefined, headers: RawHeaders) => ClientAddress;

/** An address as it is kept: normalised, with what keys and rates bind to. */
type Known = { readonly ip: string; readonly ipKey: string; readonly trusted: boolean };

const MAX_KNOWN = 8_192;
const MAX_HOPS = 64;

/** Reads TRUST_PROXY: `false`, `true`, a number of hops, or a comma list of addresses and CIDR ranges. */
export function parseTrustProxy(text: string): TrustProxy | null {
  const value = text.trim().toLowerCase();
  if (value === '' || value === 'false' || value === '0') return { kind: 'nobody' };
  if (value === 'true') return { kind: 'hops', hops: 1 };
  if (/^\d{1,3}$/.test(value)) return { kind: 'hops', hops: Number(value) };
  const ranges = value.split(',').map((part) => parseRange(part.trim()));
  return ranges.includes(null) ? null : { kind: 'ranges', ranges: ranges as Range[] };
}

/**
 * An address in its one form, or null where the text is none: IPv4 dotted, IPv6 as RFC 5952 writes it,
 * v4-mapped as IPv4; a port, brackets and a zone are cut off.
 */
export function normaliseAddress(text: string): string | null {
  const bare = withoutPort(text.trim());
  const family = isIP(bare);
  if (family === 4) return bare;
  if (family === 0) return null;
  const zone = bare.indexOf('%');
  const address = ipaddr.IPv6.parse(zone === -1 ? bare : bare.slice(0, zone));
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** Whether an address is not of the public internet: loopback, link-local, RFC 1918, RFC 4193 and the like. */
export function isPrivateAddress(ip: string): boolean {
  return isIP(ip) !== 0 && ipaddr.parse(ip).range() !== 'unicast';
}

export function createResolveAddress(options: ClientAddressOptions): ResolveAddress {
  const { trust } = options;
  // Parsing an address costs microseconds and few of them make most of the traffic.
  const known = createLru<string, Known>(MAX_KNOWN);
  // What an untrusted peer gets is the same object each time: the ordinary case allocates nothing.
  const direct = createLru<string, ClientAddress>(MAX_KNOWN);

  function lookUp(text: string): Known | null {
    const found = known.get(text);
    if (found !== undefined) return found;
    const ip = normaliseAddress(text);
    if (ip === null) return null;
    const made = { ip, ipKey: toIpKey(ip), trusted: trust.kind === 'ranges' && isInRanges(ip, trust.ranges) };
    known.set(text, made);
    return made;
  }

  return function resolve(peer = '0.0.0.0', headers) {
    const found = direct.get(peer);
    if (found !== undefined) return found;
    const own = lookUp(peer) ?? { ip: '0.0.0.0', ipKey: '0.0.0.0', trusted: false };
    const peerTrusted = trust.kind === 'hops' || own.trusted;
    const client = peerTrusted ? behind(own, headers, { ...options, lookUp }) : own;
    const address = { ip: client.ip, ipKey: client.ipKey, peer: own.ip, peerTrusted };
    if (!peerTrusted) direct.set(peer, address);
    return address;
  };
}

type Walk = ClientAddressOptions & { lookUp(text: string): Known | null };

/** The client that a trusted peer speaks for. */
function behind(peer: Known, headers: RawHeaders, walk: Walk): Known {
  for (const name of walk.clientIpHeaders) {
    const values = headerValues(headers, name);
    const client = values.length === 1 ? walk.lookUp(values[0]!) : null;
    if (client !== null) return client;
  }
  const entries = forwardedFor(headers);
  if (walk.trust.kind === 'hops') return afterHops(peer, entries, { walk, hops: walk.trust.hops });
  return afterTrusted(peer, entries, walk);
}

/** X-Forwarded-For, several lines as one list, the nearest hop first and no more than anybody may walk. */
function forwardedFor(headers: RawHeaders): string[] {
  const text = headerValues(headers, 'x-forwarded-for').join(',');
  return text === '' ? [] : text.split(',').slice(-MAX_HOPS).reverse();
}

function afterHops(peer: Known, entries: string[], count: { walk: Walk; hops: number }): Known {
  let client = peer;
  for (let hop = 0; hop < count.hops; hop++) {
    const next = hop < entries.length ? count.walk.lookUp(entries[hop]!) : null;
    // Fewer hops than the setting says: this request did not come the whole way, so nothing of it counts.
    if (next === null) return peer;
    client = next;
  }
  return client;
}

function afterTrusted(peer: Known, entries: string[], walk: Walk): Known {
  let client = peer;
  for (const entry of entries) {
    const next = walk.lookUp(entry);
    if (next === null) return client;
    client = next;
    if (!next.trusted) return client;
  }
  return client;
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) {
    const close = text.indexOf(']');
    return /^\](:\d{1,5})?$/.test(text.slice(close)) ? text.slice(1, close) : text;
  }
  const colon = text.indexOf(':');
  const single = colon !== -1 && colon === text.lastIndexOf(':');
  return single && /^\d{1,5}$/.test(text.slice(colon + 1)) ? text.slice(0, colon) : text;
}

/** The IPv4, or the first 64 bits of the IPv6: a household or a machine has a whole /64 to choose from. */
function toIpKey(ip: string): string {
  if (isIP(ip) === 4) return ip;
  const groups = ipaddr.IPv6.parse(ip).parts.slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

function parseRange(text: string): Range | null {
  const slash = text.indexOf('/');
  const ip = normaliseAddress(slash === -1 ? text : text.slice(0, slash));
  if (ip === null) return null;
  const width = isIP(ip) === 4 ? 32 : 128;
  const bits = slash === -1 ? width : toBits(text.slice(slash + 1));
  return bits > width ? null : [ipaddr.parse(ip), bits];
}

function toBits(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function isInRanges(ip: string, ranges: readonly Range[]): boolean {
  const address = ipaddr.parse(ip);
  return ranges.some(([first, bits]) => first.kind() === address.kind() && address.match(first, bits));
}
