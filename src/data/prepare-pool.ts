/** Stages videos in worker threads, one face analyzer each: sessions block their thread, so only threads overlap. */
import { parentPort, type Worker } from "node:worker_threads";
import { TalkfaceError, type ErrorCode } from "../base/errors.js";
import { startThread } from "../base/thread.js";
import { createFaceAnalyzer } from "../face/analyzer.js";
import { ProbeAhead, type Probed } from "./probe-ahead.js";
import { SpeakerJudge } from "./speaker.js";
import { stageVideo, type StageInput, type StageOptions, type StageTimes } from "./stage-video.js";
import { Staging, type StagedVideo } from "./staging.js";

export interface Staged {
  readonly index: number;
  readonly video: StagedVideo;
  readonly times: StageTimes;
}

interface Task {
  readonly index: number;
  readonly outFolder: string;
  readonly input: StageInput;
  readonly options: StageOptions;
}

type ProbedTask = Task & { readonly probed: Probed };

type Answer = { readonly staged: Staged } | { readonly error: { readonly code: ErrorCode | null; readonly message: string } };

export interface PoolOptions {
  readonly outFolder: string;
  readonly jobs: number;
  readonly options: StageOptions;
}

/** Stages all inputs, yielding each as it is through. One job works in this thread; the first error ends the run when the others are idle. */
export async function* stageAll(inputs: readonly StageInput[], { outFolder, jobs, options }: PoolOptions): AsyncGenerator<Staged> {
  const tasks = inputs.map((input, index): Task => ({ index, outFolder, input, options }));
  if (tasks.length === 0) return;
  const ahead = new ProbeAhead(inputs.map(({ path }) => path));
  if (jobs <= 1) {
    const networks = { analyzer: await createFaceAnalyzer(), judge: new SpeakerJudge() };
    const staging = new Staging(outFolder);
    for (const { index, input } of tasks) yield { index, ...(await stageVideo(input, await ahead.of(index), staging, networks, options)) };
    return;
  }
  const ready: Staged[] = [];
  let wake: () => void = () => undefined;
  let failure: Error | null = null;
  const work = async (): Promise<void> => {
    const worker = startThread(import.meta.url, "serveStaging");
    try {
      for (let task = tasks.shift(); task !== undefined && failure === null; task = tasks.shift()) {
        ready.push(await ask(worker, { ...task, probed: await ahead.of(task.index) }));
        wake();
      }
    } catch (error) {
      failure ??= error as Error;
    } finally {
      // Never terminated: that would end the process if a network still ran.
      worker.postMessage("end");
      wake();
    }
  };
  let running = Math.min(jobs, tasks.length);
  const all = Array.from({ length: running }, () => work().finally(() => {
    running--;
    wake();
  }));
  try {
    while (running > 0 || ready.length > 0) {
      const next = ready.shift();
      if (next !== undefined) yield next;
      else if (running > 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    tasks.length = 0;
    await Promise.all(all);
  }
  if (failure !== null) throw failure as Error;
}

function ask(worker: Worker, task: ProbedTask): Promise<Staged> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: Answer): void => {
      if ("staged" in answer) settle(() => resolve(answer.staged));
      else {
        const { code, message } = answer.error;
        settle(() => reject(code === null ? new Error(message) : new TalkfaceError(code, message)));
      }
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (status: number): void =>
      settle(() => reject(new TalkfaceError("internal", `a worker ended with status ${status} at ${task.input.path}.`)));
    // Only these: the worker has listeners of its own, without which its messages stop arriving.
    const settle = (act: () => void): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(task);
  });
}

/** Answers tasks within a worker thread until it is told to end. */
export function serveStaging(): void {
  const port = parentPort;
  if (port === null) throw new TalkfaceError("internal", "serveStaging runs in a worker thread only.");
  const analyzer = createFaceAnalyzer();
  const judge = new SpeakerJudge();
  analyzer.catch(() => undefined); // reported with the first task
  port.on("message", (task: ProbedTask | "end") => {
    if (task === "end") {
      port.close();
      return;
    }
    const run = async (): Promise<Staged> => ({
      index: task.index,
      ...(await stageVideo(task.input, task.probed, new Staging(task.outFolder), { analyzer: await analyzer, judge }, task.options)),
    });
    run().then(
      (staged) => port.postMessage({ staged } satisfies Answer),
      (error: unknown) => {
        const { message } = error as Error;
        port.postMessage({ error: { code: error instanceof TalkfaceError ? error.code : null, message } } satisfies Answer);
      },
    );
  });
}
