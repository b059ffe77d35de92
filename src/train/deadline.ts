/** The time that a run may take. */

/** Left for the last validation and the last checkpoint: a share of the time, at most half a minute. */
const reserve = { share: 0.02, seconds: 30 } as const;

export class Deadline {
  /** In milliseconds of `performance.now()`; null for no limit. */
  readonly endsAt: number | null;
  #last = performance.now();
  #longest = 0;

  constructor(minutes: number | null) {
    const seconds = minutes === null ? null : 60 * minutes;
    this.endsAt = seconds === null ? null : performance.now() + 1000 * (seconds - Math.min(reserve.seconds, reserve.share * seconds));
  }

  /** A phase begins: what was done since the last update is no update. */
  start(): void {
    this.#last = performance.now();
    this.#longest = 0;
  }

  /** Asked after each run of updates: whether another one, as long as the longest so far, would end too late. */
  isOver(): boolean {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
    return this.endsAt !== null && now + this.#longest > this.endsAt;
  }
}
