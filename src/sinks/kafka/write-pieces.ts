/** Brings a batch to the brokers in pieces that they take, and finds out which records they never will. */
import { assertNever } from '../../lib/assert-never.ts';
import type { Refusal, WriteOutcome } from '../sink.ts';
import { bytesOf, cut, type Outgoing, toMessages } from './messages.ts';
import type { Sender, SendOutcome } from './sender.ts';

/** `isGivenUp`: asked before each piece; nothing more is sent when it says so. */
export type WritePieces = (records: readonly Buffer[], isGivenUp: () => boolean) => Promise<WriteOutcome>;

/** A broker takes 1,048,588 bytes for a partition at once, if nobody told it otherwise. */
const PIECE_BYTES = 1_000_000;

export function createWritePieces(topic: string, send: Sender['send']): WritePieces {
  /** Learnt from what is refused; a topic's own limit may need a permission to be read. */
  let pieceBytes = PIECE_BYTES;

  return async (records, isGivenUp) => {
    const { outgoing, refusals } = toMessages(records, topic);
    const pieces = cut(outgoing, pieceBytes);
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      if (isGivenUp()) return { kind: 'retry', detail: 'closed' };
      const sent = await send(piece.map(({ message }) => message));
      switch (sent.kind) {
        case 'written':
          break;
        case 'outage':
          return { kind: 'retry', detail: sent.detail };
        case 'refused': {
          const culprits = culpritsOf(piece, sent);
          const { reason } = sent.refused;
          const [one, ...others] = culprits;
          if (one === undefined) return { kind: 'retry', detail: 'the topic has changed meanwhile' };
          if (others.length === 0) refusals.push({ index: one.index, reason });
          else pieces.unshift(...halves(culprits));
          if (others.length > 0 && reason === 'too-large')
            pieceBytes = Math.min(pieceBytes, Math.ceil(bytesOf(culprits) / 2));
          break;
        }
        default:
          return assertNever(sent);
      }
    }
    return outcomeOf(refusals);
  };
}

/** What stood in the partitions that were refused; the rest of the piece is written. */
function culpritsOf(piece: readonly Outgoing[], sent: SendOutcome & { kind: 'refused' }): Outgoing[] {
  const { refused, partitionsCount } = sent;
  return piece.filter(({ message }) => refused.partitions.has(message.partition % partitionsCount));
}

function halves(culprits: readonly Outgoing[]): Outgoing[][] {
  const middle = Math.ceil(culprits.length / 2);
  return [culprits.slice(0, middle), culprits.slice(middle)];
}

function outcomeOf(refusals: readonly Refusal[]): WriteOutcome {
  return refusals.length === 0 ? { kind: 'ack' } : { kind: 'refused', refusals };
}
