/** Whether a body comes from whom its credential names (protocol: "Token and signature"). */
import type { Exchange } from '../http/exchange.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { BareForm } from '../token/bare-form.ts';
import type { ClientToken, IssuedToken, SignedRequest, TokenAge } from '../token/tokens.ts';
import type { BodyCredential } from './credential.ts';
import type { RejectReason } from './reject.ts';
import type { Verified } from './sender.ts';

export type Post = {
  readonly exchange: Exchange;
  readonly credential: BodyCredential;
  readonly body: Buffer;
};

export type Verification =
  | { readonly ok: false; readonly reason: RejectReason; readonly token: IssuedToken | null }
  | {
      readonly ok: true;
      readonly verified: Verified;
      /** In hex; what comes twice with the same one is a repeat. */
      readonly signature: string | null;
      /** For a client whose token will soon be no good. */
      readonly token: IssuedToken | null;
    };

export type VerifyDeps = {
  readonly ipBinding: 'soft' | 'strict';
  readonly tokens: {
    verify(token: ClientToken, request: SignedRequest): boolean;
    isBoundTo(token: ClientToken, ipKey: string): boolean;
    age(token: ClientToken): TokenAge;
    renew(token: ClientToken, ipKey: string): IssuedToken;
    readonly bare: Pick<BareForm, 'verify'>;
  };
};

export function verifyPost(post: Post, deps: VerifyDeps): Verification {
  const { credential } = post;
  switch (credential.scheme) {
    case 'v1':
      return verifySigned(post, credential, deps);
    case 'bare':
      return verifyBare(post, credential.signature, deps);
    case 'server':
      return { ok: true, verified: byServer(credential.idempotencyKey), signature: null, token: null };
    default:
      return assertNever(credential);
  }
}

type Signed = Extract<BodyCredential, { scheme: 'v1' }>;

function verifySigned({ exchange, body }: Post, signed: Signed, deps: VerifyDeps): Verification {
  const { header, token, staleness } = signed;
  const { ipKey } = exchange.address;
  const { tokens } = deps;
  if (!tokens.verify(token, { header, path: exchange.clientReq.url!, body })) return refused('bad-signature');
  if (staleness !== null) return refused(staleness, tokens.renew(token, ipKey));
  const ipChanged = !tokens.isBoundTo(token, ipKey);
  if (ipChanged && deps.ipBinding === 'strict') return refused('address-changed');
  const isAging = ipChanged || tokens.age(token) === 'past-half';
  return {
    ok: true,
    verified: bySignature(signed, ipChanged),
    signature: header.signature,
    token: isAging ? tokens.renew(token, ipKey) : null,
  };
}

/** The tid of a page's token is the id of the document that was served with it; a hello's joins nothing. */
function bySignature({ header, token }: Signed, ipChanged: boolean): Verified {
  return {
    documentId: token.kind === 'page' ? token.tid : null,
    auth: {
      scheme: 'v1',
      key_id: token.kid,
      issued_at: token.issuedAtText,
      ...(ipChanged && { ip_changed: true }),
    },
    idSource: { kind: 'signature', text: header.signature },
    signedAt: Number(header.t),
  };
}

/** Its key is the address's own, so another address cannot use it whatever HMAC_IP_BINDING says. */
function verifyBare({ exchange, body }: Post, signature: string, { tokens }: VerifyDeps): Verification {
  const kid = tokens.bare.verify({ signature, ip: exchange.address.ip, body });
  if (kid === null) return refused('bad-signature');
  const auth = { scheme: 'bare', key_id: kid } as const;
  // The same body may be a later event of its own: no id can come from the signature.
  const verified = { documentId: null, auth, idSource: null, signedAt: null };
  return { ok: true, verified, signature, token: null };
}

function byServer(idempotencyKey: string | null): Verified {
  const idSource =
    idempotencyKey === null ? null : ({ kind: 'idempotency-key', text: idempotencyKey } as const);
  return { documentId: null, auth: { scheme: 'server' }, idSource, signedAt: null };
}

function refused(reason: RejectReason, token: IssuedToken | null = null): Verification {
  return { ok: false, reason, token };
}
