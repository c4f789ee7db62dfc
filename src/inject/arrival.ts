/**
 * Whether a body that is to be edited whole still comes fast enough. One timer looks after all that are under way.
 *
 * A body that is not all here within WAIT_MS of its head is late. One that did not say its length is perhaps made while
 * it is sent, and what was flushed wants to be seen: it is late as soon as nothing came for QUIET_MS. Time alone does
 * not say it, because where our own event loop is slow, what came lies unread in the socket. So a body gets a turn of
 * the loop before it is late, and another where that brought something, up to TURNS; an idle loop turns in TICK_MS.
 */

const TICK_MS = 1;
const WAIT_MS = 10;
const QUIET_MS = 3;
const TURNS = 3;

export type Waiter = { tooLate(): void };

/** A class, because one is made for each page that is gathered. */
export class Arrival {
  readonly waiter: Waiter;
  /** The head said how long the body is. */
  readonly #hasLength: boolean;
  readonly #startedAt: number;
  #cameAt: number;
  /** A turn was given since something came. */
  #hadTurn = false;
  #turns = TURNS;

  constructor(waiter: Waiter, { hasLength, now }: { hasLength: boolean; now: number }) {
    this.waiter = waiter;
    this.#hasLength = hasLength;
    this.#startedAt = now;
    this.#cameAt = now;
  }

  came(now: number): void {
    this.#cameAt = now;
    this.#hadTurn = false;
  }

  /** Asked once in each turn of the loop. */
  isLate(now: number): boolean {
    const next = now + TICK_MS;
    const isOld = next - this.#startedAt >= WAIT_MS;
    const isQuiet = !this.#hasLength && next - this.#cameAt >= QUIET_MS;
    if (!isOld && !isQuiet) return false;
    if (this.#hadTurn || (isOld && this.#turns === 0)) return true;
    this.#hadTurn = true;
    if (isOld) this.#turns -= 1;
    return false;
  }
}

export type Arrivals = {
  expect(waiter: Waiter, hasLength: boolean): Arrival;
  /** Some of the body. */
  came(arrival: Arrival): void;
  /** It is all here, or nobody waits for it any more. */
  over(arrival: Arrival): void;
};

/** As many as there are bodies under way, which is bounded by the connections. */
export function createArrivals(monotonic: () => number): Arrivals {
  const expected = new Set<Arrival>();
  let isTicking = false;

  function tick(): void {
    isTicking = false;
    const now = monotonic();
    for (const arrival of expected) if (arrival.isLate(now)) tooLate(arrival);
    keepTicking();
  }

  function tooLate(arrival: Arrival): void {
    expected.delete(arrival);
    arrival.waiter.tooLate();
  }

  function keepTicking(): void {
    if (isTicking || expected.size === 0) return;
    isTicking = true;
    setTimeout(tick, TICK_MS);
  }

  return {
    expect(waiter, hasLength) {
      const arrival = new Arrival(waiter, { hasLength, now: monotonic() });
      expected.add(arrival);
      keepTicking();
      return arrival;
    },
    came: (arrival) => arrival.came(monotonic()),
    over: (arrival) => void expected.delete(arrival),
  };
}
