/** Scores clips in threads, each with its own networks: runs of these hold their thread up, so only threads overlap. */
import { parentPort, type Worker } from "node:worker_threads";
import { type ErrorCode, TalkfaceError } from "../base/errors.js";
import { startThread } from "../base/thread.js";
import type { Pairing } from "./frame-pairs.js";
import { type UnitResult, Workbench } from "./score-unit.js";
import type { Unit } from "./units.js";

/** A unit with the metrics that are wanted of it. */
export interface Task {
  readonly unit: Unit;
  readonly metrics: readonly string[];
  readonly pairing: Pairing;
}

type Answer = { readonly result: UnitResult } | { readonly closed: true } | { readonly error: { readonly code: ErrorCode | null; readonly message: string } };

/**
 * Scores all tasks with `jobs` threads and tells each result as it comes. The first error ends the work once the clips at hand are through.
 * One job works in this thread.
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
  await Promise.all(Array.from({ length: lanes }, () => lane(lanes === 1 ? new OwnLane() : new ThreadLane())));
  if (failure !== null) throw failure;
}

interface Lane {
  score(task: Task): Promise<UnitResult>;
  close(): Promise<void>;
}

class OwnLane implements Lane {
  readonly #bench = new Workbench();

  score({ unit, metrics, pairing }: Task): Promise<UnitResult> {
    return this.#bench.score(unit, metrics, pairing);
  }

  close(): Promise<void> {
    return this.#bench.close();
  }
}

class ThreadLane implements Lane {
  readonly #worker: Worker = startThread(import.meta.url, "serveScores");
  #ended = false;

  constructor() {
    this.#worker.on("exit", () => (this.#ended = true));
  }

  async score(task: Task): Promise<UnitResult> {
    const answer = await this.#ask(task);
    if ("result" in answer) return answer.result;
    throw new TalkfaceError("internal", `internal: a thread closed at ${task.unit.clip}.`);
  }

  /** Never terminated: that would end the process if a network still ran. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#ask("end");
  }

  #ask(task: Task | "end"): Promise<Exclude<Answer, { readonly error: unknown }>> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        // Only these: the worker has listeners of its own, without which its messages stop arriving.
        this.#worker.off("message", onMessage).off("error", onError).off("exit", onExit);
        act();
      };
      const onMessage = (answer: Answer): void =>
        settle(() => {
          if (!("error" in answer)) resolve(answer);
          else reject(answer.error.code === null ? new Error(answer.error.message) : new TalkfaceError(answer.error.code, answer.error.message));
        });
      const onError = (error: Error): void => settle(() => reject(error));
      const onExit = (status: number): void => settle(() => reject(new TalkfaceError("internal", `a thread ended with status ${status}${task === "end" ? "" : ` at ${task.unit.clip}`}.`)));
      this.#worker.on("message", onMessage).on("error", onError).on("exit", onExit);
      this.#worker.postMessage(task);
    });
  }
}

/** Answers tasks within a thread until it is told to end. */
export function serveScores(): void {
  const port = parentPort;
  if (port === null) throw new TalkfaceError("internal", "serveScores runs in a thread only.");
  const bench = new Workbench();
  port.on("message", (task: Task | "end") => {
    const run = task === "end" ? bench.close().then((): Answer => ({ closed: true })) : bench.score(task.unit, task.metrics, task.pairing).then((result): Answer => ({ result }));
    run
      .catch((error: unknown): Answer => ({ error: { code: error instanceof TalkfaceError ? error.code : null, message: (error as Error).message } }))
      .then((answer) => {
        port.postMessage(answer);
        if (task === "end") port.close();
      });
  });
}
