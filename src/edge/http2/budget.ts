/**
 * How often something that honest clients do now and then may happen: `burst` times at once, `perSecond` times in
 * the long run. A class, because each session has several.
 */
export class Budget {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  /** `now` and all later times are milliseconds that never go back. */
  constructor({ burst, perSecond }: { burst: number; perSecond: number }, now: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#left = burst;
    this.#at = now;
  }

  /** False: it has happened too often. */
  spend(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs) - 1;
    this.#at = now;
    return this.#left >= 0;
  }
}
