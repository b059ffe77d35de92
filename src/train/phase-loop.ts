/** One phase: batches -> updates -> journal -> (validate) -> (samples) -> (checkpoint). */
import { TalkfaceError } from "../base/errors.js";
import { progress, warn } from "../base/log.js";
import type { BatchArrays } from "../data/window-batch.js";
import { anyRank } from "../runtime/ranks.js";
import { save } from "./checkpoints.js";
import type { TrainConfig } from "./config.js";
import { Averages } from "./journal.js";
import { Judge } from "./judge.js";
import type { Run } from "./run.js";
import { rateAt } from "./schedule.js";
import { SkipWatch } from "./skips.js";
import { resetMoments, type TrainState } from "./state.js";
import { openRunner } from "./step/open.js";
import type { Pace } from "./step/runner.js";

/** Steps between lines of the journal. */
const journalEvery = 50;

/** Trains phase `index` from its step `from`; `before` steps were done in earlier phases. */
export async function runPhase(run: Run, state: TrainState, index: number, from: number, before: number): Promise<{ step: number; stopped: boolean }> {
  const { config, system, systemConfig, options, journal, ranks, rule, deadline } = run;
  const settings = config.phases[index] as TrainConfig["phases"][number];
  const phase = system.phases.find((p) => p.name === settings.name);
  if (phase === undefined) throw new TalkfaceError("usage", `phase "${settings.name}": ${system.name} has ${system.phases.map((p) => p.name).join(", ")}.`);
  if (from === 0) resetMoments(state, phase.groups, rule);
  const fields = phase.batch(systemConfig);
  const { accumulate, stepsPerRun, validateEvery, checkpointEvery } = config;

  /** The batches of the updates [first, end). A failure waits for whoever awaits them. */
  const read = (first: number, end: number): Promise<BatchArrays[]> => {
    const batches = Promise.all(Array.from({ length: (end - first) * accumulate }, (_, i) => run.batches.batch(fields, (before + first) * accumulate + i)));
    batches.catch(() => undefined);
    return batches;
  };
  // a run of several updates ends where something is due
  const endOf = (first: number): number => Math.min(first + stepsPerRun, settings.steps, ...[journalEvery, validateEvery, checkpointEvery].map((every) => (Math.floor(first / every) + 1) * every));
  const pace = (step: number): Pace => ({ step: step + 1, rate: rateAt(step, settings, config.schedule, config.warmupSteps), memory: Math.min(config.averageMemory, (1 + step) / (10 + step)) });

  let next = read(from, endOf(from)); // while the graphs are built
  const runner = await openRunner({ system, config: systemConfig, phase, rule, device: options.device, accumulate, stepsPerRun, ranks }, state);
  const judge = await Judge.open(run, phase, fields);
  const line = progress(phase.name, settings.steps, "steps", from, deadline.endsAt);
  const averages = new Averages();
  const skips = new SkipWatch(config.skipLimit);
  const started = performance.now();
  let step = from;
  let told = 0;
  let note = "";
  let isOver = false;
  deadline.start();
  try {
    while (step < settings.steps && !isOver && !anyRank(ranks, options.shouldStop())) {
      const end = endOf(step);
      const batches = await next;
      next = read(end, endOf(end)); // while the updates run
      const figures = await runner.run(batches, Array.from({ length: end - step }, (_, i) => pace(step + i)));
      for (const [i, each] of figures.entries()) {
        averages.add(each);
        const groups = skips.note(each);
        if (groups.length > 0) await journal.write({ kind: "event", step: before + step + i + 1, phase: phase.name, event: `skipped: loss, gradient or rate of ${groups.join(" and ")} is not finite` });
        skips.enforce(`${phase.name}, step ${step + i + 1}`);
      }
      step = end;
      isOver = config.minutes !== null && anyRank(ranks, deadline.isOver());
      const last = step === settings.steps || isOver;
      if (step % journalEvery === 0 || last) {
        const means = averages.take();
        const skipped = skips.take();
        note = noteOf(means, skipped);
        for (const problem of run.batches.damaged.slice(told)) warn(`a clip is left out: ${problem}`);
        told = run.batches.damaged.length;
        const seconds = (performance.now() - started) / 1000;
        await journal.write({ kind: "train", step: before + step, phase: phase.name, rate: pace(step - 1).rate, seconds, run_seconds: runner.seconds, ...(ranks.size > 1 ? { ranks: ranks.size, reduce_seconds: ranks.seconds } : {}), skipped, ...(told > 0 ? { damaged_clips: told } : {}), ...means });
      }
      line.update(step, note);
      const isJudged = judge !== null && (last || step % validateEvery === 0);
      const isSaved = step % checkpointEvery === 0;
      if (isJudged || isSaved || last) await runner.collect?.();
      if (isJudged) await judge.report(state, before + step, last || step % config.sampleEvery === 0);
      if (isSaved) await save(run, state, before + step);
    }
    if (step < settings.steps && !isOver) await runner.collect?.();
  } finally {
    await next.catch(() => undefined); // nothing may read from the data set after this
    line.finish(`${phase.name}: ${step} of ${settings.steps} steps`);
    await runner.close();
    await judge?.close();
  }
  return { step, stopped: step < settings.steps || isOver };
}

function noteOf(means: Readonly<Record<string, number>>, skipped: number): string {
  const losses = Object.entries(means).flatMap(([name, value]) => (name.startsWith("loss.") ? [`${name.slice(5)} ${value.toFixed(4)}`] : []));
  return [...losses, ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(", ");
}
