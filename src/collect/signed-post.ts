/**
 * A signed POST whose body has been read. Opening it (signature, replay, JSON, events) is synchronous and
 * leaves only records, so that a body is gone from memory before anything waits for the disk; storing it
 * appends them and settles the signature.
 */
import type { Exchange } from '../http/exchange.ts';
import type { SignedHeader } from '../token/hmac-header.ts';
import type { ClientToken, IssuedToken, SignedRequest, TokenAge } from '../token/tokens.ts';
import type { Accepted } from './answer.ts';
import { type Append, rejectionOf } from './append-outcome.ts';
import { type Batch, type BatchDeps, buildBatch } from './batch.ts';
import type { Staleness } from './credential.ts';
import type { DropReason } from './drop.ts';
import { parseBody } from './parse-body.ts';
import type { Rejection, RejectReason } from './reject.ts';
import type { Replay, Settled } from './replay.ts';
import { type OwnCookie, readSender, type SenderDeps, type Verified } from './sender.ts';

export type SignedPost = {
  readonly exchange: Exchange;
  readonly header: SignedHeader;
  readonly token: ClientToken;
  readonly staleness: Staleness;
  readonly body: Buffer;
};

/** A `first` has claimed its signature and must be stored, which settles it. */
export type OpenedPost =
  | Rejected
  | { readonly kind: 'repeat'; readonly settled: Settled | Promise<Settled> }
  | {
      readonly kind: 'first';
      readonly signature: string;
      readonly batch: Batch;
      readonly token: IssuedToken | null;
    };

export type PostOutcome =
  | Rejected
  | {
      readonly kind: 'accepted';
      readonly result: Accepted;
      readonly token: IssuedToken | null;
      /** Whom our cookie shall name, where it is set or renewed. */
      readonly identity: OwnCookie | null;
    };

type Rejected = {
  readonly kind: 'rejected';
  readonly rejection: Rejection;
  readonly token: IssuedToken | null;
};

export type OpenDeps = SenderDeps &
  BatchDeps & {
    readonly ipBinding: 'soft' | 'strict';
    readonly replay: Replay;
    readonly onRejected: (reason: RejectReason) => void;
    readonly tokens: SenderDeps['tokens'] & {
      verify(token: ClientToken, request: SignedRequest): boolean;
      isBoundTo(token: ClientToken, ipKey: string): boolean;
      age(token: ClientToken): TokenAge;
      renew(token: ClientToken, ipKey: string): IssuedToken;
    };
  };

export function openPost(post: SignedPost, deps: OpenDeps): OpenedPost {
  const { exchange, header, token, staleness, body } = post;
  const { ipKey } = exchange.address;
  const { tokens } = deps;
  if (!tokens.verify(token, { header, path: exchange.clientReq.url!, body })) {
    return rejected({ reason: 'bad-signature' });
  }
  if (staleness !== null) return rejected({ reason: staleness }, tokens.renew(token, ipKey));
  const ipChanged = !tokens.isBoundTo(token, ipKey);
  if (ipChanged && deps.ipBinding === 'strict') return rejected({ reason: 'address-changed' });

  const claim = deps.replay.claim(header.signature);
  if (claim.kind === 'repeat') return claim;
  const batch = openFirst({ ...post, ipChanged }, deps);
  if ('reason' in batch) return rejected(batch);
  const renewed = ipChanged || tokens.age(token) === 'past-half' ? tokens.renew(token, ipKey) : null;
  return { kind: 'first', signature: header.signature, batch, token: renewed };
}

type FirstPost = SignedPost & { readonly ipChanged: boolean };

/** A refusal, and a fault of ours, leaves the signature unused. */
function openFirst(post: FirstPost, deps: OpenDeps): Batch | Rejection {
  let batch: Batch | Rejection = { reason: 'fault' };
  try {
    batch = readBatch(post, deps);
    return batch;
  } finally {
    if ('reason' in batch) deps.replay.settle(post.header.signature, { ok: false, rejection: batch });
  }
}

function readBatch(post: FirstPost, deps: OpenDeps): Batch | Rejection {
  const parsed = parseBody(post.body);
  if (!parsed.ok) return { reason: parsed.reason };
  const sender = readSender(post.exchange, verifiedBy(post), deps);
  const batch = buildBatch(parsed, sender, deps);
  const { rejected: refused } = batch;
  const noneIsValid = refused.length === parsed.events.length;
  // The first reason of a body without a valid event is counted as the answer's.
  for (const { reason } of noneIsValid ? refused.slice(1) : refused) deps.onRejected(reason);
  return noneIsValid ? refused[0]! : batch;
}

/** The tid of a page's token is the id of the document that was served with it; a hello's joins nothing. */
function verifiedBy({ header, token, ipChanged }: FirstPost): Verified {
  return {
    documentId: token.kind === 'page' ? token.tid : null,
    auth: {
      scheme: 'v1',
      key_id: token.kid,
      issued_at: token.issuedAtText,
      ...(ipChanged && { ip_changed: true }),
    },
    signature: header.signature,
    signedAt: Number(header.t),
  };
}

export type StoreDeps = {
  readonly append: Append;
  readonly replay: Replay;
  readonly onDropped: (reason: DropReason, count: number) => void;
};

export async function storePost(opened: OpenedPost, deps: StoreDeps): Promise<PostOutcome> {
  if (opened.kind === 'rejected') return opened;
  if (opened.kind === 'repeat') return repeated(await opened.settled);
  const { batch, signature, token } = opened;
  let settled: Settled = { ok: false, rejection: { reason: 'fault' } };
  try {
    settled = await appendBatch(batch, deps);
  } finally {
    deps.replay.settle(signature, settled);
  }
  if (!settled.ok) return rejected(settled.rejection);
  const { records, duplicates, drops, rejected: refused } = batch;
  const result = { accepted: records.length, duplicates, dropped: drops.length, rejected: refused };
  return { kind: 'accepted', result, token, identity: batch.identity };
}

async function appendBatch({ records, drops }: Batch, deps: StoreDeps): Promise<Settled> {
  for (const reason of drops) deps.onDropped(reason, 1);
  if (records.length > 0) {
    const appended = await deps.append(records);
    if (!appended.ok) return { ok: false, rejection: rejectionOf(appended.reason) };
  }
  return { ok: true, events: records.length };
}

function repeated(settled: Settled): PostOutcome {
  if (!settled.ok) return rejected(settled.rejection);
  const result = { accepted: 0, duplicates: settled.events, dropped: 0, rejected: [] };
  return { kind: 'accepted', result, token: null, identity: null };
}

function rejected(rejection: Rejection, token: IssuedToken | null = null): Rejected {
  return { kind: 'rejected', rejection, token };
}
