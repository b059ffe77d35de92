/** Stages videos in worker threads, one face analyzer each: sessions block their thread, so only threads overlap. */
import type { List } from "../base/packed-list.js";
import { ServedThread, serveThread } from "../base/thread.js";
import { createFaceAnalyzer } from "../face/analyzer.js";
import { DecodeAhead, type ReadAhead, type StageInput } from "./decode-ahead.js";
import { SpeakerJudge } from "./speaker.js";
import { stageVideo, type StageOptions, type StageTimes } from "./stage-video.js";
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
  readonly ahead: ReadAhead;
  readonly options: StageOptions;
}

export interface PoolOptions {
  readonly outFolder: string;
  readonly jobs: number;
  readonly options: StageOptions;
}

/** Stages all inputs, yielding each as it is through. One job works in this thread; the first error ends the run when the others are idle. */
export async function* stageAll(inputs: List<StageInput>, { outFolder, jobs, options }: PoolOptions): AsyncGenerator<Staged> {
  if (inputs.length === 0) return;
  const staging = new Staging(outFolder);
  const ahead = new DecodeAhead(inputs, { contract: options.contract, jobs, scratch: (id) => staging.scratch(id) });
  try {
    yield* jobs <= 1 ? stageHere(inputs, ahead, staging, options) : stageInThreads(inputs, ahead, { outFolder, jobs, options });
  } finally {
    await ahead.close();
  }
}

async function* stageHere(inputs: List<StageInput>, ahead: DecodeAhead, staging: Staging, options: StageOptions): AsyncGenerator<Staged> {
  const networks = { analyzer: await createFaceAnalyzer(), judge: new SpeakerJudge() };
  for (let index = 0; index < inputs.length; index++) yield { index, ...(await stageVideo(inputs.at(index)!, await ahead.of(index), staging, networks, options)) };
}

async function* stageInThreads(inputs: List<StageInput>, ahead: DecodeAhead, { outFolder, jobs, options }: PoolOptions): AsyncGenerator<Staged> {
  const ready: Staged[] = [];
  let wake: () => void = () => undefined;
  let failure: Error | null = null;
  let next = 0;
  const work = async (): Promise<void> => {
    const thread = new ServedThread<Task, Staged>(import.meta.url, "serveStaging", "a thread that stages videos");
    try {
      while (next < inputs.length && failure === null) {
        const index = next++;
        const input = inputs.at(index)!;
        ready.push(await thread.ask({ index, outFolder, input, ahead: await ahead.of(index), options }, input.path));
        wake();
      }
    } catch (error) {
      failure ??= error as Error;
    } finally {
      await thread.close();
      wake();
    }
  };
  let running = Math.min(jobs, inputs.length);
  const all = Array.from({ length: running }, () => work().finally(() => {
    running--;
    wake();
  }));
  try {
    while (running > 0 || ready.length > 0) {
      const staged = ready.shift();
      if (staged !== undefined) yield staged;
      else if (running > 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    next = inputs.length;
    await Promise.all(all);
  }
  if (failure !== null) throw failure as Error;
}

/** Within a thread. */
export function serveStaging(): void {
  const analyzer = createFaceAnalyzer();
  analyzer.catch(() => undefined); // reported with the first task
  const judge = new SpeakerJudge();
  serveThread(async ({ index, outFolder, input, ahead, options }: Task): Promise<Staged> => ({
    index,
    ...(await stageVideo(input, ahead, new Staging(outFolder), { analyzer: await analyzer, judge }, options)),
  }));
}
