/** Scores clips in threads, each with its own networks: runs of these hold their thread up, so only threads overlap. */
import { ServedThread, serveThread } from "../base/thread.js";
import type { Pairing } from "./frame-pairs.js";
import { type UnitResult, Workbench } from "./score-unit.js";
import type { Unit } from "./units.js";

/** A unit with the metrics that are wanted of it. */
export interface Task {
  readonly unit: Unit;
  readonly metrics: readonly string[];
  readonly pairing: Pairing;
}

/**
 * Scores all tasks with `jobs` threads and tells each result as it comes. Where half of these would have nothing to do, clips get two each. The first error
 * ends the work once the clips at hand are through. One job works in this thread.
 */
export async function scoreAll(tasks: readonly Task[], jobs: number, onResult: (task: Task, result: UnitResult) => Promise<void>): Promise<void> {
  const left = [...tasks];
  let failure: unknown = null;
  const work = async (score: (task: Task) => Promise<UnitResult>): Promise<void> => {
    for (let task = left.shift(); task !== undefined && failure === null; task = left.shift()) await onResult(task, await score(task));
  };
  const lane = async (lane: Lane): Promise<void> => {
    try {
      await work((task) => lane.score(task));
    } catch (error) {
      failure ??= error;
    } finally {
      await lane.close();
    }
  };
  const lanes = Math.min(jobs, tasks.length);
  const options: LaneOptions = { spareCore: jobs >= 2 * lanes };
  await Promise.all(Array.from({ length: lanes }, () => lane(lanes === 1 ? new OwnLane(options) : new ThreadLane(options))));
  if (failure !== null) throw failure;
}

interface LaneOptions {
  readonly spareCore: boolean;
}

interface Lane {
  score(task: Task): Promise<UnitResult>;
  close(): Promise<void>;
}

class OwnLane implements Lane {
  readonly #bench = new Workbench();
  readonly #options: LaneOptions;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  score({ unit, metrics, pairing }: Task): Promise<UnitResult> {
    return this.#bench.score(unit, metrics, pairing, this.#options);
  }

  close(): Promise<void> {
    return this.#bench.close();
  }
}

class ThreadLane implements Lane {
  readonly #thread = new ServedThread<Question, UnitResult>(import.meta.url, "serveScores", "a thread that scores clips");
  readonly #options: LaneOptions;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  score(task: Task): Promise<UnitResult> {
    return this.#thread.ask({ task, options: this.#options }, task.unit.clip);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

interface Question {
  readonly task: Task;
  readonly options: LaneOptions;
}

/** Within a thread. */
export function serveScores(): void {
  const bench = new Workbench();
  serveThread(({ task: { unit, metrics, pairing }, options }: Question) => bench.score(unit, metrics, pairing, options), { close: () => bench.close() });
}
