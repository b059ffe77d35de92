/** Stages videos in worker threads, one face analyzer each: sessions block their thread, so only threads overlap. */
import { ServedThread, serveThread } from "../base/thread.js";
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
    const thread = new ServedThread<ProbedTask, Staged>(import.meta.url, "serveStaging", "a thread that stages videos");
    try {
      for (let task = tasks.shift(); task !== undefined && failure === null; task = tasks.shift()) {
        ready.push(await thread.ask({ ...task, probed: await ahead.of(task.index) }, task.input.path));
        wake();
      }
    } catch (error) {
      failure ??= error as Error;
    } finally {
      await thread.close();
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

/** Within a thread. */
export function serveStaging(): void {
  const analyzer = createFaceAnalyzer();
  analyzer.catch(() => undefined); // reported with the first task
  const judge = new SpeakerJudge();
  serveThread(async ({ index, outFolder, input, probed, options }: ProbedTask): Promise<Staged> => ({
    index,
    ...(await stageVideo(input, probed, new Staging(outFolder), { analyzer: await analyzer, judge }, options)),
  }));
}
