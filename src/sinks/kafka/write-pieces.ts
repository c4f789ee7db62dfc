/** Brings a batch to the brokers in pieces that they take, and finds out which records they never will. */
import type { Refusal, WriteOutcome } from '../sink.ts';
import { bytesOf, cut, type Outgoing, toMessages } from './messages.ts';
import type { Refused, Sender } from './sender.ts';

export type WritePieces = (records: readonly Buffer[], how: HowToWrite) => Promise<WriteOutcome>;

export type HowToWrite = {
  /** Records that are not sent, by their index: they are there. */
  readonly leaveOut: ReadonlySet<number>;
  /** Looked at before each piece; nothing more is sent when it has aborted. */
  readonly givenUp: AbortSignal;
};

/** A broker takes 1,048,588 bytes for a partition at once, if nobody told it otherwise. */
const PIECE_BYTES = 1_000_000;

export function createWritePieces(topic: string, send: Sender['send']): WritePieces {
  /** Learnt from what is refused; to read a topic's own limit may need a permission that a producer has not. */
  let pieceBytes = PIECE_BYTES;

  /** Smaller pieces of what a partition refused, to find the culprit or to be taken. */
  const halve = ({ outgoing, reason }: Refused): Outgoing[][] => {
    if (reason === 'too-large') pieceBytes = Math.min(pieceBytes, Math.ceil(bytesOf(outgoing) / 2));
    const middle = Math.ceil(outgoing.length / 2);
    return [outgoing.slice(0, middle), outgoing.slice(middle)];
  };

  return async (records, { leaveOut, givenUp }) => {
    const { outgoing, refusals } = toMessages(records, topic);
    const fresh = leaveOut.size === 0 ? outgoing : outgoing.filter(({ index }) => !leaveOut.has(index));
    const pieces = cut(fresh, pieceBytes);
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      if (givenUp.aborted) return { kind: 'retry', detail: 'closed' };
      const sent = await send(piece);
      if (sent.kind === 'outage') return { kind: 'retry', detail: sent.detail };
      const [single, several] = [sent.refused.filter(isSingle), sent.refused.filter((one) => !isSingle(one))];
      for (const {
        outgoing: [one],
        reason,
      } of single)
        refusals.push({ index: one!.index, reason });
      pieces.unshift(...several.flatMap(halve));
    }
    return outcomeOf(refusals);
  };
}

const isSingle = ({ outgoing }: Refused) => outgoing.length === 1;

function outcomeOf(refusals: readonly Refusal[]): WriteOutcome {
  return refusals.length === 0 ? { kind: 'ack' } : { kind: 'refused', refusals };
}
