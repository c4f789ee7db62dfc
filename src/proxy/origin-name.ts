/**
 * HOST_HEADER=origin: the origin is asked by its own name, and what it says of itself in answers is turned into the
 * name by which the client knows it. Only a URL that names this origin changes, and of it only that part.
 *
 * `Origin` and `Referer` of the site's own pages are turned around too: whoever guards forms and WebSockets
 * (Django, Phoenix, gorilla/websocket, …) holds them against Host, and would refuse every login of a trial. Those of
 * other sites pass as they are, so a forged request stays one.
 */
import type { RequestSide } from '../http/exchange.ts';
import { isName, type RawHeaders } from '../http/raw-headers.ts';

export type OriginName = {
  /** Host, Origin and Referer on the way to the origin, in place. */
  toOrigin(headers: RawHeaders, exchange: RequestSide): void;
  /** Location, Content-Location, Refresh and Set-Cookie on the way back, in place. */
  toClient(headers: RawHeaders, exchange: RequestSide): void;
};

export type OriginNameOptions = {
  protocol: 'http:' | 'https:';
  /** A name or an address, IPv6 in brackets. */
  hostname: string;
  port: number;
  basePath: string;
};

const DEFAULT_PORTS = { 'http:': 80, 'https:': 443 };

/** As it stands in Host: the port only where the scheme does not imply it (RFC 9110 §7.2). */
export function hostOf({ protocol, hostname, port }: OriginNameOptions): string {
  return port === DEFAULT_PORTS[protocol] ? hostname : `${hostname}:${port}`;
}

export function createOriginName(options: OriginNameOptions): OriginName {
  const { protocol, basePath } = options;
  const host = hostOf(options);
  const url = `${protocol}//${host}`;

  function toOrigin(headers: RawHeaders, { scheme, host: clientHost }: RequestSide): void {
    const clientUrl = `${scheme}://${clientHost}`;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      if (isName(name, 'host')) headers[i + 1] = host;
      else if (isName(name, 'origin') && sameText(headers[i + 1]!, clientUrl)) headers[i + 1] = url;
      else if (isName(name, 'referer')) headers[i + 1] = refererFor(headers[i + 1]!, clientUrl);
    }
  }

  function refererFor(referer: string, clientUrl: string): string {
    if (!sameText(referer.slice(0, clientUrl.length), clientUrl)) return referer;
    const rest = referer.slice(clientUrl.length);
    return startsPath(rest) ? url + basePath + rest : referer;
  }

  function toClient(headers: RawHeaders, exchange: RequestSide): void {
    if (exchange.host === '') return; // HTTP/1.0: nobody knows by which name we were asked
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      if (isName(name, 'location') || isName(name, 'content-location'))
        headers[i + 1] = urlFor(value, exchange);
      else if (isName(name, 'refresh')) headers[i + 1] = refreshFor(value, exchange);
      else if (isName(name, 'set-cookie')) headers[i + 1] = cookieFor(value, exchange);
    }
  }

  /** `5; url=…`, the URL perhaps in quotes. */
  function refreshFor(value: string, exchange: RequestSide): string {
    const [, before, location, after] = REFRESH.exec(value) ?? [];
    return location === undefined ? value : before + urlFor(location, exchange) + after;
  }

  function urlFor(location: string, { scheme, host: clientHost }: RequestSide): string {
    const [, said = '', authority, path = ''] = LOCATION.exec(location) ?? [];
    if (authority === undefined) return location.startsWith('/') ? withoutBase(location) : location;
    if (!isOurs(said.toLowerCase(), authority.toLowerCase())) return location;
    return `${said === '' ? '' : `${scheme}:`}//${clientHost}${withoutBase(path)}`;
  }

  /**
   * An https origin whose application stands behind its TLS says `http:` of itself: the client would leave us. The
   * other way round it is meant: an http origin that sends everybody to https would be asked in circles.
   */
  function isOurs(said: string, authority: string): boolean {
    const saidProtocol = said === '' ? protocol : (said as 'http:' | 'https:');
    const port = String(DEFAULT_PORTS[saidProtocol]);
    const full = /:\d+$/.test(authority) ? authority : `${authority}:${port}`;
    if (full === `${options.hostname}:${options.port}`) return saidProtocol === protocol;
    return (
      protocol === 'https:' && options.port === 443 && said === 'http:' && full === `${options.hostname}:80`
    );
  }

  function withoutBase(path: string): string {
    if (basePath === '' || !path.startsWith(basePath)) return path;
    const rest = path.slice(basePath.length);
    if (rest === '' || rest[0] === '?' || rest[0] === '#') return `/${rest}`;
    // A second slash would make a host of the next segment.
    return rest[0] === '/' && rest[1] !== '/' ? rest : path;
  }

  function cookieFor(cookie: string, exchange: RequestSide): string {
    if (!cookie.includes(';')) return cookie;
    return cookie.replace(ATTRIBUTE, (whole, start: string, name: string, value: string) => {
      if (name.toLowerCase() === 'path') return start + withoutBase(value);
      return coversOrigin(value) ? start + hostnameOf(exchange.host) : whole;
    });
  }

  /** RFC 6265 §5.1.3: the name itself, or a domain above it. */
  function coversOrigin(domain: string): boolean {
    const bare = domain.toLowerCase().replace(/^\./, '');
    return bare !== '' && (options.hostname === bare || options.hostname.endsWith(`.${bare}`));
  }

  return { toOrigin, toClient };
}

/** Scheme and authority without a user, and the rest. */
const LOCATION = /^(https?:)?\/\/([^/?#@\\]+)([/?#].*)?$/i;
const REFRESH = /^(\s*[\d.]*\s*[;,]\s*url\s*=\s*["']?)([^"']*)(.*)$/i;
const ATTRIBUTE = /(;[ \t]*(domain|path)[ \t]*=[ \t]*)([^; \t]*)/gi;

const sameText = (a: string, b: string) => a.length === b.length && a.toLowerCase() === b.toLowerCase();
const startsPath = (rest: string) => rest === '' || rest[0] === '/' || rest[0] === '?' || rest[0] === '#';
const hostnameOf = (host: string) => host.replace(/:\d*$/, '');
