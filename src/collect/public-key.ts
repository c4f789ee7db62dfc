/**
 * `/hmac/public-key` (protocol: "The seed's scripts"): what a script of the site's needs to sign by itself. It is the
 * calling client's own key, good for its own address: nothing that one client learns lets it speak for another.
 */
import type { Exchange } from '../http/exchange.ts';
import type { BareForm } from '../token/bare-form.ts';
import type { IssuedToken } from '../token/tokens.ts';
import { answerJson, answerRejection, answerWrongMethod } from './answer.ts';
import type { Rate } from './rate.ts';
import type { Rejection, RejectReason } from './reject.ts';
import { type Origins, type Site, siteOf } from './same-site.ts';

export type PublicKeyDeps = Origins & {
  readonly hmacRequire: 'any' | 'v1';
  readonly helloRate: Rate;
  readonly tokens: { mintHello(ipKey: string): IssuedToken; readonly bare: Pick<BareForm, 'keyFor'> };
  readonly onRejected: (reason: RejectReason) => void;
};

export function answerPublicKey(exchange: Exchange, deps: PublicKeyDeps): void {
  const { method } = exchange.clientReq;
  if (method !== 'GET' && method !== 'HEAD') {
    deps.onRejected('wrong-method');
    return answerWrongMethod(exchange, 'GET, HEAD');
  }
  const site = siteOf(exchange, deps);
  const rejection = refusalOf(exchange, site, deps);
  if (rejection === null) return answerJson(exchange, keyOf(exchange, deps));
  deps.onRejected(rejection.reason);
  answerRejection(exchange, rejection, { site: null, unread: 'nothing' });
}

/** As for a `hello`, which gives as much. */
function refusalOf({ address }: Exchange, site: Site, { helloRate }: PublicKeyDeps): Rejection | null {
  if (site !== 'own') return { reason: 'cross-site' };
  const retryAfter = helloRate.take(address.ipKey);
  return retryAfter === 0 ? null : { reason: 'rate-limited', retryAfter };
}

/** Without `public_key` where HMAC_REQUIRE=v1 would refuse what is signed with it. */
function keyOf({ address }: Exchange, { tokens, hmacRequire }: PublicKeyDeps): object {
  return {
    algorithm: 'HMAC-SHA256',
    header: 'X-GoTrack-HMAC',
    ...(hmacRequire === 'any' && { public_key: tokens.bare.keyFor(address.ip) }),
    ...tokens.mintHello(address.ipKey),
  };
}
