/**
 * Parsers of the config table. Each takes the text of a variable and returns its value, or a problem that
 * says what is expected; `load` adds the variable's name and what it got.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConsentCookie, parseConsentCookie } from '../event/consent-setting.ts';
import type { TrustProxy } from '../http/client-address.ts';

export type Parsed<T> = { ok: true; value: T } | { ok: false; expected: string };
export type Parser<T> = (text: string) => Parsed<T>;

const ok = <T>(value: T): Parsed<T> => ({ ok: true, value });
const no = (expected: string): Parsed<never> => ({ ok: false, expected });

export const text: Parser<string> = (value) => ok(value);

export const bool: Parser<boolean> = (value) => {
  const lower = value.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(lower)) return ok(true);
  if (['false', '0', 'no', 'off'].includes(lower)) return ok(false);
  return no('true or false');
};

/** A whole number from `min` to `max`. */
export const integer =
  (min: number, max: number): Parser<number> =>
  (value) => {
    const number = Number(value);
    return /^-?\d+$/.test(value) && number >= min && number <= max
      ? ok(number)
      : no(`a whole number from ${min} to ${max}`);
  };

const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Bytes: a number, or a number with K, M or G (also KB, KiB, …), always powers of 1,024. */
export const bytes =
  (min: number, max: number): Parser<number> =>
  (value) => {
    const match = /^(\d{1,15})\s*([kmg]?)(?:i?b)?$/i.exec(value.trim());
    const number = match ? Number(match[1]) * UNITS[match[2]!.toLowerCase()]! : Number.NaN;
    return number >= min && number <= max
      ? ok(number)
      : no(`a size from ${min} to ${max} bytes, such as 65536, 64K or 1GiB`);
  };

export const oneOf =
  <const T extends string>(...choices: readonly T[]): Parser<T> =>
  (value) => {
    const found = choices.find((choice) => choice === value);
    return found === undefined ? no(`one of ${choices.join(', ')}`) : ok(found);
  };

/** Items between commas, trimmed, empty ones left out. */
export const list: Parser<readonly string[]> = (value) =>
  ok(
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

export type ListenAddress = {
  host: string | undefined;
  port: number;
  /** Other processes listen there too, and the kernel deals connections out among them. */
  reusePort?: true;
};

/** `host:port`, `[v6]:port` or `:port` (all interfaces). Port 0 takes a free one. */
export const listenAddress: Parser<ListenAddress> = (value) => {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:[\]]*):(\d{1,5})$/i.exec(value);
  const port = match ? Number(match[2]) : Number.NaN;
  if (!match || !(port <= 65_535)) return no('host:port or :port, such as 127.0.0.1:8080');
  const host = match[1]!.replace(/^\[|\]$/g, '');
  return ok({ host: host === '' ? undefined : host, port });
};

/** Where requests go: http://, https:// with an optional base path, or unix:/path/of.sock. */
export type OriginUrl = {
  protocol: 'http:' | 'https:';
  /** A name or an address, IPv6 in brackets. */
  hostname: string;
  port: number;
  /** In front of every path, as text; without a slash at its end. */
  basePath: string;
  socketPath?: string;
  /** As the owner wrote it, for people. */
  text: string;
};

export const originUrl: Parser<OriginUrl> = (value) => {
  const expected = 'http://host[:port][/base], https://… or unix:/path/of.sock';
  if (value.startsWith('unix:/') && value.length > 'unix:/'.length) {
    return ok({
      protocol: 'http:',
      hostname: 'localhost',
      port: 80,
      basePath: '',
      socketPath: value.slice('unix:'.length),
      text: value,
    });
  }
  // What URL would forgive or mend (spaces, backslashes, `http:host`, an empty query) is not what people meant.
  const match = /^(https?):\/\/([^\s/?#@\\]+)(\/[\x21-\x7e]*)?$/i.exec(value);
  const url = match !== null && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || url.port === '0' || /[?#]/.test(match![3] ?? '')) {
    return no(`${expected}, without user, query or fragment`);
  }
  const { protocol, hostname } = url as URL & { protocol: 'http:' | 'https:' };
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
  // As it was written: URL would decode and normalise what the origin must see unchanged.
  const basePath = (match![3] ?? '').replace(/\/+$/, '');
  return ok({ protocol, hostname, port, basePath, text: value });
};

/** At least 32 characters: shorter secrets can be guessed from one signature. */
export const secret: Parser<string> = (value) =>
  value.length >= 32
    ? ok(value)
    : no(`at least 32 characters (this one has ${value.length}); make one with: openssl rand -hex 32`);

export type NamedSecret = { kid: string; secret: string };

/** `kid:secret,kid:secret`: the first signs, all verify. */
export const namedSecrets: Parser<readonly NamedSecret[]> = (value) => {
  const expected = 'kid:secret,kid:secret with kids of 1 to 16 characters a-z 0-9, each once';
  const secrets: NamedSecret[] = [];
  for (const item of value.split(',')) {
    const match = /^\s*([a-z0-9]{1,16}):(\S+)\s*$/.exec(item);
    if (!match || secrets.some((other) => other.kid === match[1])) return no(expected);
    if (match[2]!.length < 32) {
      return no(
        `secrets of at least 32 characters (that of kid ${match[1]} is shorter); openssl rand -hex 32`,
      );
    }
    secrets.push({ kid: match[1]!, secret: match[2]! });
  }
  return ok(secrets);
};

/** Certificates in PEM. */
export const certificates: Parser<string> = (value) => {
  try {
    new X509Certificate(value);
    return ok(value);
  } catch {
    return no('a file with certificates in PEM');
  }
};

/** A private key in PEM, without a passphrase: nobody is there to type it. */
export const privateKey: Parser<string> = (value) => {
  try {
    createPrivateKey(value);
    return ok(value);
  } catch {
    return no('a file with a private key in PEM, without a passphrase');
  }
};

/** A path that starts with a slash and ends without one, or nothing. Dot segments never arrive: clients resolve them. */
export const pathPrefix: Parser<string> = (value) => {
  const segments = value.split('/').slice(1);
  const good = segments.every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.\.?$/.test(segment));
  const isPath = value.startsWith('/') && good;
  return value === '' || isPath ? ok(value) : no('a path such as /_gt, or nothing');
};

export const originList: Parser<readonly string[]> = (value) => {
  const items = (list(value) as { value: readonly string[] }).value;
  const good = items.every((item) => URL.canParse(item) && new URL(item).origin === item);
  return good ? ok(items) : no('origins between commas, such as https://www.example.com,https://example.com');
};

/** `false`, `true` (the peer is a proxy), a number of hops, or CIDR ranges of trusted peers. */
export const trustProxy: Parser<TrustProxy> = (value) => {
  const lower = value.toLowerCase();
  if (lower === 'true' || lower === 'false') return ok(lower === 'true');
  if (/^\d{1,2}$/.test(value)) return ok(value === '0' ? false : Number(value));
  const items = (list(value) as { value: readonly string[] }).value;
  const good = items.length > 0 && items.every(isAddressOrRange);
  return good ? ok(items) : no('false, true, a number of hops, or CIDR ranges such as 10.0.0.0/8,::1');
};

/** Written out in full: what `10` or `100` abbreviate is likelier a slip. */
function isAddressOrRange(item: string): boolean {
  const [address, bits, ...rest] = item.split('/');
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address!)]!;
  if (width < 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width);
}

/** Names of headers (RFC 9110 §5.1) between commas, in lower case. */
export const headerNames: Parser<readonly string[]> = (value) => {
  const items = (list(value) as { value: readonly string[] }).value;
  const good = items.every((item) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(item));
  return good ? ok(items.map((item) => item.toLowerCase())) : no('names of headers between commas');
};

/** `name; value=purpose+purpose; …` with the purposes `analytics` and `security`. */
export const consentCookie: Parser<ConsentCookie> = (value) => {
  const parsed = parseConsentCookie(value);
  return parsed === null ? no('name; value=analytics+security; other=security') : ok(parsed);
};

export type BrokerAddress = { readonly host: string; readonly port: number };

const KAFKA_PORT = 9092;

/** `host:port` between commas; IPv6 in brackets, and without a port Kafka's own. */
export const brokers: Parser<readonly BrokerAddress[]> = (value) => {
  const items = (list(value) as { value: readonly string[] }).value;
  const found = items.map((item) => /^(?:\[([0-9a-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(item));
  const addresses = found.map((match) => ({
    host: match?.[1] ?? match?.[2] ?? '',
    port: Number(match?.[3] ?? KAFKA_PORT),
  }));
  const good = addresses.every(({ host, port }) => host !== '' && port > 0 && port <= 65_535);
  return addresses.length > 0 && good
    ? ok(addresses)
    : no('host:port between commas, such as kafka-1:9092,kafka-2:9092');
};

/** What Kafka allows as the name of a topic. */
export const topicName: Parser<string> = (value) =>
  /^[A-Za-z0-9._-]{1,249}$/.test(value) && !/^\.\.?$/.test(value)
    ? ok(value)
    : no('1 to 249 characters a-z A-Z 0-9 . _ -');
