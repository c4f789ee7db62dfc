/**
 * A POST whose body has been read. Opening it (signature, replay, JSON, events) is synchronous and leaves only
 * records, so that a body is gone from memory before anything waits for the disk; storing it appends them and
 * settles the signature.
 */
import type { IssuedToken } from '../token/tokens.ts';
import type { Accepted } from './answer.ts';
import { type Append, rejectionOf } from './append-outcome.ts';
import { type Batch, type BatchDeps, buildBatch } from './batch.ts';
import type { DropReason } from './drop.ts';
import { parseBody } from './parse-body.ts';
import type { Rejection, RejectReason } from './reject.ts';
import type { Replay, Settled } from './replay.ts';
import { type OwnCookie, readSender, type SenderDeps, type Verified } from './sender.ts';
import { type Post, type VerifyDeps, verifyPost } from './verify-post.ts';

/** A `first` with a signature has claimed it and must be stored, which settles it. */
export type OpenedPost =
  | Rejected
  | { readonly kind: 'repeat'; readonly settled: Settled | Promise<Settled> }
  | {
      readonly kind: 'first';
      readonly signature: string | null;
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
  BatchDeps &
  VerifyDeps & {
    readonly replay: Replay;
    readonly onRejected: (reason: RejectReason) => void;
    readonly tokens: SenderDeps['tokens'] & VerifyDeps['tokens'];
  };

export function openPost(post: Post, deps: OpenDeps): OpenedPost {
  const verification = verifyPost(post, deps);
  if (!verification.ok) return rejected({ reason: verification.reason }, verification.token);
  const { verified, signature, token } = verification;
  const claim = signature === null ? FIRST : deps.replay.claim(signature);
  if (claim.kind === 'repeat') return claim;
  const batch = openFirst({ ...post, verified, signature }, deps);
  return 'reason' in batch ? rejected(batch) : { kind: 'first', signature, batch, token };
}

const FIRST = { kind: 'first' } as const;

type FirstPost = Post & { readonly verified: Verified; readonly signature: string | null };

/** A refusal, and a fault of ours, leaves the signature unused. */
function openFirst(post: FirstPost, deps: OpenDeps): Batch | Rejection {
  let batch: Batch | Rejection = { reason: 'fault' };
  try {
    batch = readBatch(post, deps);
    return batch;
  } finally {
    if ('reason' in batch) settle(post.signature, { ok: false, rejection: batch }, deps);
  }
}

function readBatch(post: FirstPost, deps: OpenDeps): Batch | Rejection {
  const parsed = parseBody(post.body);
  if (!parsed.ok) return { reason: parsed.reason };
  const sender = readSender(post.exchange, post.verified, deps);
  const batch = buildBatch(parsed, sender, deps);
  const { rejected: refused } = batch;
  const noneIsValid = refused.length === parsed.events.length;
  // The first reason of a body without a valid event is counted as the answer's.
  for (const { reason } of noneIsValid ? refused.slice(1) : refused) deps.onRejected(reason);
  return noneIsValid ? refused[0]! : batch;
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
    settle(signature, settled, deps);
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

function settle(signature: string | null, settled: Settled, { replay }: Pick<StoreDeps, 'replay'>): void {
  if (signature !== null) replay.settle(signature, settled);
}

function repeated(settled: Settled): PostOutcome {
  if (!settled.ok) return rejected(settled.rejection);
  const result = { accepted: 0, duplicates: settled.events, dropped: 0, rejected: [] };
  return { kind: 'accepted', result, token: null, identity: null };
}

function rejected(rejection: Rejection, token: IssuedToken | null = null): Rejected {
  return { kind: 'rejected', rejection, token };
}
