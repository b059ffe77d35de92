/** Training: opens data and state, resumes by itself, and goes through the phases. */
import { join } from "node:path";
import { TalkfaceError } from "../base/errors.js";
import { exists, readJson, writeAtomic } from "../base/files.js";
import { info } from "../base/log.js";
import { BatchThread } from "../data/batch-thread.js";
import { ClipCache } from "../data/clip-cache.js";
import { type Dataset, openDataset } from "../data/dataset.js";
import { updateRule } from "../nn/optimizers/settings.js";
import { anyRank, oneProcess } from "../runtime/ranks.js";
import { newestCheckpoint } from "../store/checkpoint.js";
import { shippedModel } from "../store/shipped.js";
import { paramTables } from "../systems/phase-graph.js";
import { findSystem } from "../systems/registry.js";
import type { System } from "../systems/system.js";
import { BestKeeper } from "./best.js";
import { restore, save } from "./checkpoints.js";
import { decisive, parseTrainConfig, placeOf, type TrainConfig } from "./config.js";
import { Deadline } from "./deadline.js";
import { EventFile } from "./events/event-file.js";
import { startFrom, takeExpert } from "./init.js";
import { Journal } from "./journal.js";
import { PageListener } from "./page/listener.js";
import { runPhase } from "./phase-loop.js";
import type { Run, TrainOptions } from "./run.js";
import { initialState, type TrainState } from "./state.js";
import { compareWithFirst, followFirst } from "./together.js";

export interface TrainOutcome {
  readonly steps: number;
  readonly finished: boolean;
  readonly checkpoint: string;
}

export async function train(config: TrainConfig, options: TrainOptions): Promise<TrainOutcome> {
  const deadline = new Deadline(config.minutes);
  const dataset = await openDataset(config.data);
  try {
    return await trainOn(dataset, config, options, deadline);
  } finally {
    await dataset.close();
  }
}

async function trainOn(dataset: Dataset, config: TrainConfig, options: TrainOptions, deadline: Deadline): Promise<TrainOutcome> {
  const system = findSystem(config.system);
  const systemConfig = configOf(system, config);
  checkSize(system, systemConfig, dataset);
  const ranks = options.ranks ?? oneProcess;
  if (ranks.rank === 0) await keepConfig(config, options.out);

  const tables = paramTables(system, systemConfig);
  const rule = updateRule(config.optimizer);
  const state = initialState(tables, rule, config.seed);
  const saved = ranks.rank === 0 ? await newestCheckpoint(options.out) : null;
  if (saved !== null) restore(state, saved.vectors, `${options.out}: newest checkpoint`);
  else if (ranks.rank === 0) await begin(state, system, tables, options);
  const cacheBytes = (config.cacheMegabytes / ranks.localSize) * 1024 * 1024;
  const batches = await BatchThread.open({ folders: config.data, seed: config.seed, share: { rank: ranks.rank, size: ranks.size }, cacheBytes });
  const run: Run = {
    config, systemConfig, system, options, ranks, tables, rule, deadline,
    contract: dataset.contract,
    batches,
    cache: new ClipCache(dataset, cacheBytes),
    train: dataset.clips.filter((clip) => clip.split === "train"),
    validation: dataset.clips.filter((clip) => clip.split === "val"),
    journal: new Journal(ranks.rank === 0 ? options.out : null, [new EventFile(options.out), new PageListener(options.out)]),
    best: await BestKeeper.open(ranks.rank === 0 ? options.out : null),
  };
  const people = new Set(run.train.map((clip) => clip.person)).size;
  info(`${system.title}: ${[...tables].map(([group, { size }]) => `${group} ${(size / 1e6).toFixed(2)} M parameters`).join(", ")}; ${run.train.length} training clips of ${people} people, ${run.validation.length} for validation`);
  try {
    return await runPhases(run, state, saved?.step ?? 0);
  } finally {
    await batches.close();
    await run.journal.close();
  }
}

/** From the step that was reached before to the end of the last phase. */
async function runPhases(run: Run, state: TrainState, from: number): Promise<TrainOutcome> {
  const { ranks } = run;
  const { phases } = run.config;
  compareWithFirst(ranks, {
    "numbers to train": [...state.values()].reduce((sum, { length }) => sum + length, 0),
    "training clips": run.train.length,
    "frames in training clips": run.train.reduce((sum, clip) => sum + clip.frames, 0),
  });
  let done = followFirst(ranks, state, from);
  if (done > 0) {
    info(`resuming after step ${done}`);
    await run.journal.write({ kind: "resumed", step: done, phase: phases[(placeOf(done, phases) ?? { index: phases.length - 1 }).index]!.name });
  }
  const total = phases.reduce((sum, phase) => sum + phase.steps, 0);
  let stopped = false;
  for (let place = placeOf(done, phases); place !== null && !stopped; place = placeOf(done, phases)) {
    const before = done - place.step;
    const outcome = await runPhase(run, state, place.index, place.step, before);
    done = before + outcome.step;
    stopped = outcome.stopped;
  }
  const isInterrupted = stopped && anyRank(ranks, run.options.shouldStop()); // else the time is over
  const checkpoint = await save(run, state, done);
  return { steps: done, finished: done >= total || !isInterrupted, checkpoint };
}

/** Weights from where the options say, and those of experts from their models. */
async function begin(state: TrainState, system: System, tables: Run["tables"], { init, expert }: TrainOptions): Promise<void> {
  if (init !== undefined) info(`${init}: ${await startFrom(init, state, tables)}`);
  for (const [group, name] of Object.entries(system.experts ?? {})) {
    const table = tables.get(group);
    if (table !== undefined && table.size > 0) await takeExpert(expert ?? shippedModel(name), group, state, table);
  }
}

/** The configuration of the system: the preset with the run's overrides. */
export function configOf(system: System, config: Pick<TrainConfig, "preset" | "config">): unknown {
  const preset = system.presets[config.preset];
  if (preset === undefined) throw new TalkfaceError("usage", `preset "${config.preset}": ${system.name} has ${Object.keys(system.presets).join(", ")}.`);
  return system.parseConfig({ ...(preset as Record<string, unknown>), ...config.config });
}

function checkSize(system: System, config: unknown, dataset: Dataset): void {
  const views = system.phases[0]?.batch(config).find((field) => field.name === "views");
  const size = views?.shape[2];
  if (size !== undefined && size !== dataset.contract.size) {
    throw new TalkfaceError("bad-data", `training data is ${dataset.contract.size} pixels wide, this configuration of ${system.name} needs ${size}. Prepare it with --size ${size} or choose another preset.`);
  }
}

/** Writes config.json, or refuses to continue a run of other settings. */
async function keepConfig(config: TrainConfig, out: string): Promise<void> {
  const path = join(out, "config.json");
  if (await exists(path)) {
    const known = parseTrainConfig(await readJson(path), path);
    const changed = decisive.filter((key) => JSON.stringify(known[key]) !== JSON.stringify(config[key]));
    if (changed.length > 0) throw new TalkfaceError("exists", `${path}: this run was started with another ${changed.join(", ")}. Give the same settings to resume it, or another --out.`);
    return;
  }
  await writeAtomic(path, `${JSON.stringify(config, null, 2)}\n`);
}
