/** Where the time of a video goes, by stage, and how much memory it took. */

export type Stage = "decode" | "face" | "features" | "networks" | "paste" | "encode";

export const stages: readonly Stage[] = ["decode", "face", "features", "networks", "paste", "encode"];

export interface StageReport {
  readonly seconds: Readonly<Record<Stage, number>>;
  /** From the request to the finished file. */
  readonly totalSeconds: number;
  readonly frames: number;
  /** Largest resident memory of this process in MB (10^6 bytes); ffmpeg's processes are not in it. */
  readonly peakMegabytes: number;
}

/**
 * Adds up the time between entering and leaving a stage. Stages do not nest: entering one leaves the other. Work in other threads and
 * processes goes on beside them, so that together they may take longer than the whole.
 */
export class StageClock {
  readonly #milliseconds: Record<Stage, number> = { decode: 0, face: 0, features: 0, networks: 0, paste: 0, encode: 0 };
  readonly #started = performance.now();
  #stage: Stage | null = null;
  #entered = 0;

  /** Time from now on counts for this stage; null: for none. Returns the stage that was left. */
  enter(stage: Stage | null): Stage | null {
    const now = performance.now();
    const left = this.#stage;
    if (left !== null) this.#milliseconds[left] += now - this.#entered;
    this.#stage = stage;
    this.#entered = now;
    return left;
  }

  /** Counts the work for `stage` and returns to the stage before. */
  async during<T>(stage: Stage, work: () => Promise<T> | T): Promise<T> {
    const before = this.enter(stage);
    try {
      return await work();
    } finally {
      this.enter(before);
    }
  }

  /** Adds what another thread has worked. */
  add(stage: Stage, milliseconds: number): void {
    this.#milliseconds[stage] += milliseconds;
  }

  /** Counts the wait for each value for `stage`; what the consumer does with it counts for the stage that it enters. */
  async *waiting<T>(stage: Stage, source: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.during(stage, () => iterator.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  report(frames: number): StageReport {
    this.enter(null);
    const seconds = Object.fromEntries(stages.map((stage) => [stage, this.#milliseconds[stage] / 1000])) as Record<Stage, number>;
    return { seconds, totalSeconds: (performance.now() - this.#started) / 1000, frames, peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6 };
  }
}

/** Lines of a table: seconds and frames a second of each stage, the whole, memory. */
export function describeStages({ seconds, totalSeconds, frames, peakMegabytes }: StageReport): string {
  const line = (name: string, time: number): string =>
    `${name.padEnd(9)}${time.toFixed(2).padStart(9)} s${(time > 0 ? (frames / time).toFixed(1) : "-").padStart(9)} frames/s`;
  return [...stages.map((stage) => line(stage, seconds[stage])), line("all", totalSeconds), `${"memory".padEnd(9)}${peakMegabytes.toFixed(0).padStart(9)} MB at the most`].join("\n");
}
