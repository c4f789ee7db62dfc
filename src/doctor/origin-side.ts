/** Requests straight to the origin, as the proxy would send them. GET only. */
import { once } from './once.ts';
import type { PageAddress } from './page-address.ts';
import { PAGE_BYTES, pageHeaders } from './page-headers.ts';
import type { Answer, Place, Probe } from './probe.ts';

export type OriginAsk = {
  /** Path and query, without the base path. */
  readonly target: string;
  readonly host: string;
  readonly encoding?: string;
  readonly maxBytes: number;
};

export type OriginSide = {
  /** As it stands in FORWARD_DESTINATION. */
  readonly text: string;
  readonly place: Place;
  /** Its own name, as it would stand in Host. */
  readonly ownHost: string;
  /** The Host that the proxy sends it for this page. */
  readonly sentHost: string;
  /** The page, as the proxy asks for it. */
  page(): Promise<Answer>;
  /** The page under its own name. */
  pageByOwnName(): Promise<Answer>;
  ask(ask: OriginAsk): Promise<Answer>;
};

export type OriginSettings = {
  readonly place: Place;
  readonly basePath: string;
  readonly text: string;
  /** HOST_HEADER. */
  readonly hostHeader: 'client' | 'origin';
  /** What X-Forwarded-Proto will say. */
  readonly forwardedProto: 'http' | 'https';
  readonly userAgent: string;
};

export function createOriginSide(settings: OriginSettings, page: PageAddress, probe: Probe): OriginSide {
  const { place, basePath, hostHeader } = settings;
  const ownHost = hostOf(place);
  const sentHost = hostHeader === 'origin' ? ownHost : page.host;

  function ask({ target, host, encoding, maxBytes }: OriginAsk): Promise<Answer> {
    const asking = { host, userAgent: settings.userAgent, ...(encoding !== undefined && { encoding }) };
    const headers = [...pageHeaders(asking), ...forwarded(settings, page)];
    return probe(place, { method: 'GET', path: basePath + target, headers, maxBytes });
  }

  const pageUnder = (host: string) => ask({ target: page.target, host, maxBytes: PAGE_BYTES });
  return {
    text: settings.text,
    ...{ place, ownHost, sentHost, ask },
    page: once(() => pageUnder(sentHost)),
    pageByOwnName: once(() => pageUnder(ownHost)),
  };
}

function hostOf({ protocol, hostname, port, socketPath }: Place): string {
  const isDefault = port === (protocol === 'https:' ? 443 : 80);
  return socketPath !== undefined || isDefault ? hostname : `${hostname}:${port}`;
}

function forwarded({ forwardedProto }: OriginSettings, { host, port }: PageAddress): string[] {
  return [
    ...['X-Forwarded-For', '127.0.0.1', 'X-Forwarded-Proto', forwardedProto],
    ...['X-Forwarded-Host', host, 'X-Forwarded-Port', String(port)],
  ];
}
