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

/**
 * TRUST_PROXY: `false` nobody, `true` the peer (one hop), a number that many hops, or the addresses and CIDR
 * ranges of trusted peers.
 */
export type TrustProxy = boolean | number | readonly string[];

export type ClientAddressOptions = {
  readonly trust: TrustProxy;
  /** CLIENT_IP_HEADERS, the most believed first. */
  readonly clientIpHeaders: readonly string[];
};

/** `peer` is the socket's remote address; undefined when it is gone already, which gives `0.0.0.0`. */
export type ResolveAddress = (peer: string | undefined, headers: RawHeaders) => ClientAddress;

/** An address as it is kept: normalised, with what keys and rates bind to. */
type Known = { readonly ip: string; readonly ipKey: string; readonly trusted: boolean };

const MAX_KNOWN = 8_192;
const MAX_HOPS = 64;
/** The longest IPv6 has 45; spaces, brackets, port and zone come on top. */
const MAX_ADDRESS_CHARACTERS = 80;
/** Names of ipaddr.js. */
const PRIVATE_RANGES = new Set(['private', 'loopback', 'linkLocal', 'uniqueLocal', 'carrierGradeNat']);

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

/** Whether an address belongs to no one on the public internet (RFC 1918, 4193, 6598, loopback, link-local). */
export function isPrivateAddress(ip: string): boolean {
  return isIP(ip) !== 0 && PRIVATE_RANGES.has(ipaddr.parse(ip).range());
}

export function createResolveAddress(options: ClientAddressOptions): ResolveAddress {
  const trust = readTrust(options.trust);
  // Parsing an address costs microseconds and few of them make most of the traffic.
  const known = createLru<string, Known>(MAX_KNOWN);
  // What an untrusted peer gets is the same object each time: the ordinary case allocates nothing.
  const direct = createLru<string, ClientAddress>(MAX_KNOWN);

  function lookUp(text: string): Known | null {
    if (text.length > MAX_ADDRESS_CHARACTERS) return null;
    const found = known.get(text);
    if (found !== undefined) return found;
    // A copy: V8 keeps a whole header alive for the sake of a piece of it.
    const copy = Buffer.from(text, 'latin1').toString('latin1');
    const ip = normaliseAddress(copy);
    if (ip === null) return null;
    const made = { ip, ipKey: toIpKey(ip), trusted: isInRanges(ip, trust.ranges) };
    known.set(copy, made);
    return made;
  }

  const walk = {
    headers: options.clientIpHeaders.map((name) => name.toLowerCase()),
    hops: trust.hops,
    lookUp,
  };

  return function resolve(peer = '0.0.0.0', headers) {
    const found = direct.get(peer);
    if (found !== undefined) return found;
    const own = lookUp(peer) ?? { ip: '0.0.0.0', ipKey: '0.0.0.0', trusted: false };
    const peerTrusted = trust.hops > 0 || own.trusted;
    const client = peerTrusted ? behind(own, headers, walk) : own;
    const address = { ip: client.ip, ipKey: client.ipKey, peer: own.ip, peerTrusted };
    if (!peerTrusted) direct.set(peer, address);
    return address;
  };
}

/** Trust in peers by their number (`hops` > 0) or by who they are. */
type Trust = { readonly hops: number; readonly ranges: readonly Range[] };

function readTrust(trust: TrustProxy): Trust {
  if (typeof trust === 'boolean') return { hops: trust ? 1 : 0, ranges: [] };
  if (typeof trust === 'number') return { hops: trust, ranges: [] };
  return { hops: 0, ranges: trust.map(parseRange) };
}

type Walk = {
  readonly headers: readonly string[];
  readonly hops: number;
  lookUp(text: string): Known | null;
};

/** The client that a trusted peer speaks for. */
function behind(peer: Known, headers: RawHeaders, walk: Walk): Known {
  for (const name of walk.headers) {
    const values = headerValues(headers, name);
    const client = values.length === 1 ? walk.lookUp(values[0]!) : null;
    if (client !== null) return client;
  }
  const entries = forwardedFor(headers);
  return walk.hops > 0 ? afterHops(peer, entries, walk) : afterTrusted(peer, entries, walk);
}

/** X-Forwarded-For, several lines as one list, the nearest hop first and no more than anybody may walk. */
function forwardedFor(headers: RawHeaders): string[] {
  const text = headerValues(headers, 'x-forwarded-for').join(',');
  return text === '' ? [] : text.split(',').slice(-MAX_HOPS).reverse();
}

function afterHops(peer: Known, entries: string[], walk: Walk): Known {
  let client = peer;
  for (let hop = 0; hop < walk.hops; hop++) {
    const next = hop < entries.length ? walk.lookUp(entries[hop]!) : null;
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

/** Throws where the text is neither an address nor a range: the configuration has seen to that. */
function parseRange(text: string): Range {
  const single = ipaddr.isValid(text);
  const address = single ? ipaddr.parse(text) : ipaddr.parseCIDR(text)[0];
  const bits = single ? address.toByteArray().length * 8 : ipaddr.parseCIDR(text)[1];
  const mapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96;
  return mapped ? [address.toIPv4Address(), bits - 96] : [address, bits];
}

function isInRanges(ip: string, ranges: readonly Range[]): boolean {
  if (ranges.length === 0) return false;
  const address = ipaddr.parse(ip);
  return ranges.some(([first, bits]) => first.kind() === address.kind() && address.match(first, bits));
}
