/** What TRUST_PROXY and its neighbours say, as far as that can be judged without asking anybody. */
import type { Examination } from '../examination.ts';
import { note, ok, type Row, warning } from '../row.ts';

const NAME = 'TRUST_PROXY';
const EVERYBODY = /^(?:0\.0\.0\.0|::)\/0$/;

export function checkTrustProxy(examination: Examination): Row[] {
  const { trustProxy, clientIpHeaders } = examination.config;
  const rows = [...front(examination), ...exposure(examination)];
  if (clientIpHeaders.length > 0 && trustProxy === false) {
    const found = `CLIENT_IP_HEADERS names ${clientIpHeaders.join(', ')}, and nobody is trusted to send it`;
    rows.push(warning(NAME, found, 'TRUST_PROXY with the network of the CDN or proxy that sets it'));
  }
  return rows.length > 0 ? rows : [ok(NAME, describe(trustProxy))];
}

/** Visitors come by https and we speak none: something before us does. */
function front({ config, page }: Examination): Row[] {
  if (config.enableHttps || config.trustProxy !== false || !page.live || page.scheme !== 'https') return [];
  const found =
    'visitors come by https and gotrack speaks http: a proxy stands before it, and TRUST_PROXY=false';
  return [
    warning(
      NAME,
      found,
      'TRUST_PROXY with that proxy’s network: else all visitors have its address, and the origin may redirect in circles',
    ),
  ];
}

function exposure({ config }: Examination): Row[] {
  const { trustProxy, serverAddr } = config;
  if (Array.isArray(trustProxy) && trustProxy.some((range) => EVERYBODY.test(range))) {
    return [
      warning(
        NAME,
        'everybody is trusted: clients can choose their address',
        'name your proxies’ networks only',
      ),
    ];
  }
  const byHops = trustProxy === true || typeof trustProxy === 'number';
  const everywhere =
    serverAddr.host === undefined || serverAddr.host === '0.0.0.0' || serverAddr.host === '::';
  if (!byHops || !everywhere) return [];
  const found =
    'whoever reaches this port past the proxy can choose their address: trust is by number, not by who it is';
  return [
    note(
      NAME,
      found,
      'name the proxy’s network in TRUST_PROXY, or let SERVER_ADDR be an address that only the proxy reaches',
    ),
  ];
}

function describe(trust: Examination['config']['trustProxy']): string {
  if (trust === false)
    return 'nobody is trusted: the client is whoever connects (right with no proxy before us)';
  if (trust === true) return 'the peer is trusted: the client is the last entry of X-Forwarded-For';
  if (typeof trust === 'number') return `${trust} hops are trusted`;
  return `trusted are ${trust.join(', ')}`;
}
