/**
 * The contract of a sink. Whoever implements it needs to know nothing else of this room.
 *
 * A sink takes batches of records out of the journal to one place outside: a file, a topic, a table. A record is
 * one event, the JSON text of its envelope in UTF-8 without a line feed; a sink passes these bytes on as they
 * are, or parses them, but never changes them in place.
 *
 * **Who calls.** `deliver` owns a sink and calls it. `open` comes first and again after each time that it did
 * not succeed; then `write`, one batch at a time unless the sink says that it takes several; `probe` now and then
 * while nothing is being written; `close` at the end, once. Nothing is called while `open` is under way.
 *
 * **Order and repetition.** Batches come in the order of the journal and without gaps. Delivery is at least once:
 * after a crash, and after any outcome but `ack`, the same records come again, perhaps cut into other batches. A
 * sink that can tell that it has a record already counts it as written.
 *
 * **What an answer means.** `write` resolves; it rejects only for a fault in its own code, which is then treated as
 * `retry`. It settles in its own time but must not hang for ever: a sink sets its own timeouts.
 * - `ack`: every record is durable at the other end (on the disk, replicated, committed). After this the journal
 *   may forget them, so an early `ack` is a loss.
 * - `retry`: an outage: the place is down, full, slow, or says something that will pass or that a person has to
 *   mend. `deliver` waits (exponentially, with jitter, for ever) and writes the same records again. None, some or
 *   all of them may have arrived.
 * - `refused`: the named records will never be taken as they are (too large, malformed), and *all others of this
 *   batch are durable*. The named ones become dead letters.
 * - `poisoned`: at least one record will never be taken, the sink cannot tell which, and *none of the batch was
 *   written*. `deliver` halves the batch until the culprit stands alone. A poisoned batch of one record is refused.
 * When in doubt between an outage and a refusal, it is an outage: that delays, the other gives records up.
 * A duplicate is not refused, it is written.
 *
 * **State.** An `ack` may carry a small JSON value (3 KB at most) that describes what the sink has up to here. It is
 * saved in the same instant as the position in the journal, a little later than the answer, and the last one saved
 * comes back with `open` after a restart: then the records come that follow it. `open` may answer with one too, which
 * is saved before the first write. A log file keeps its size there and can tell which of the records that come again
 * are in it already.
 */

/** Any JSON value; null where there is none. */
export type SinkState = unknown;

export type Refusal = {
  /** Of the record in the batch. */
  readonly index: number;
  /** A short label for counting and for the dead letter: `too-large`, `23514 check_amount`. No record text. */
  readonly reason: string;
};

export type WriteOutcome =
  | { kind: 'ack'; state?: SinkState }
  /** `detail`: for the operator, what is wrong and with what; goes to the log and the metrics listener only. */
  | { kind: 'retry'; detail: string }
  | { kind: 'refused'; refusals: readonly Refusal[]; state?: SinkState }
  | { kind: 'poisoned'; reason: string };

export type ReadyOutcome = { ok: true } | { ok: false; detail: string };
export type SinkOpenOutcome = { ok: true; state?: SinkState } | { ok: false; detail: string };

/** How large a batch may be. */
export type BatchLimits = {
  readonly maxRecords: number;
  /** Of the records; a single record may be larger. */
  readonly maxBytes: number;
};

export type Sink = {
  /** As in OUTPUTS: `log`, `kafka:eu`. */
  readonly name: string;
  /**
   * What one `write` takes at most. Without it, BATCH_SIZE records. A sink whose cost is by the batch (a sync, a
   * round trip) names more: a batch goes out when BATCH_SIZE records wait or FLUSH_INTERVAL_MS have passed, and
   * takes along what has gathered until then, up to these limits.
   */
  readonly limits?: BatchLimits;
  /**
   * Gets ready to write after `state` (null: nothing is known). `waiting`: how many records the journal holds behind
   * it, by and large: what may come again is among them. `ok: false` is tried again like `retry`.
   */
  open(state: SinkState, waiting?: number): Promise<SinkOpenOutcome>;
  /** At least one record. The buffers belong to the journal: read them, do not write to them. */
  write(records: readonly Buffer[]): Promise<WriteOutcome>;
  /** Whether a write would probably succeed now; cheap, and without effect on what is stored. */
  probe(): Promise<ReadyOutcome>;
  /** Gives up what it holds. Everything acked is durable already, so there is nothing to save. */
  close(): Promise<void>;
};
