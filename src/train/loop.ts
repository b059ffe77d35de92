/** The training loop: next batch -> step -> journal -> (validate) -> (samples) -> (checkpoint), phase after phase, resuming by itself. */
import { join } from "node:path";
import type { DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { exists, readJson, writeAtomic } from "../base/files.js";
import { info, progress } from "../base/log.js";
import { ClipCache } from "../data/clip-cache.js";
import { type ClipEntry, type Dataset, openDataset } from "../data/dataset.js";
import { fillBatch, framesOf, trainingWindows, validationWindows, type BatchArrays } from "../data/window-batch.js";
import { WindowSampler } from "../data/window-sampler.js";
import type { UpdateRule } from "../nn/optimizers/optimizer.js";
import { updateRule } from "../nn/optimizers/settings.js";
import type { ParamTable } from "../nn/params.js";
import type { Device } from "../runtime/devices.js";
import { newestCheckpoint, writeCheckpoint } from "../store/checkpoint.js";
import { paramTables } from "../systems/phase-graph.js";
import { findSystem } from "../systems/registry.js";
import type { BatchField, Phase, System } from "../systems/system.js";
import { parseTrainConfig, placeOf, rateAt, type TrainConfig } from "./config.js";
import { Averages, Journal } from "./journal.js";
import { parameterNames, startFrom } from "./init.js";
import { initialState, PhaseRunner, PhaseSampler, resetMoments, type TrainState } from "./phase-runner.js";
import { writeSampleSheet } from "./samples.js";

export interface TrainOptions {
  readonly out: string;
  readonly device: Device;
  /** A checkpoint or a model folder whose weights start the run where names and shapes fit. */
  readonly init?: string;
  /** Asked between steps; true ends the run after a checkpoint. */
  readonly shouldStop: () => boolean;
}

export interface TrainOutcome {
  readonly steps: number;
  readonly finished: boolean;
  readonly checkpoint: string;
}

interface Run {
  readonly config: TrainConfig;
  readonly systemConfig: unknown;
  readonly system: System;
  readonly contract: DataContract;
  readonly cache: ClipCache;
  readonly train: readonly ClipEntry[];
  readonly validation: readonly ClipEntry[];
  readonly journal: Journal;
  readonly options: TrainOptions;
  readonly tables: ReadonlyMap<string, ParamTable>;
  readonly rule: UpdateRule;
}

export async function train(config: TrainConfig, options: TrainOptions): Promise<TrainOutcome> {
  const dataset = await openDataset(config.data);
  try {
    return await trainOn(dataset, config, options);
  } finally {
    await dataset.close();
  }
}

async function trainOn(dataset: Dataset, config: TrainConfig, options: TrainOptions): Promise<TrainOutcome> {
  const system = findSystem(config.system);
  const systemConfig = configOf(system, config);
  checkSize(system, systemConfig, dataset);
  await keepConfig(config, options.out);

  const tables = paramTables(system, systemConfig);
  const rule = updateRule(config.optimizer);
  const state = initialState(tables, rule, config.seed);
  const saved = await newestCheckpoint(options.out);
  if (saved !== null) load(state, saved.vectors, `${options.out}: newest checkpoint`);
  else if (options.init !== undefined) info(`${options.init}: ${await startFrom(options.init, state, tables)}`);
  const run: Run = {
    config, systemConfig, system, options, tables, rule,
    contract: dataset.contract,
    cache: new ClipCache(dataset, config.cacheMegabytes * 1024 * 1024),
    train: dataset.clips.filter((clip) => clip.split === "train"),
    validation: dataset.clips.filter((clip) => clip.split === "val"),
    journal: new Journal(options.out),
  };
  const people = new Set(run.train.map((clip) => clip.person)).size;
  info(`${system.title}: ${[...tables].map(([group, { size }]) => `${group} ${(size / 1e6).toFixed(2)} M parameters`).join(", ")}; ${run.train.length} training clips of ${people} people, ${run.validation.length} for validation`);

  let done = saved?.step ?? 0;
  if (done > 0) info(`resuming after step ${done}`);
  const total = config.phases.reduce((sum, phase) => sum + phase.steps, 0);
  let stopped = false;
  for (let place = placeOf(done, config.phases); place !== null && !stopped; place = placeOf(done, config.phases)) {
    const before = done - place.step;
    const outcome = await runPhase(run, state, place.index, place.step, before);
    done = before + outcome.step;
    stopped = outcome.stopped;
  }
  const checkpoint = await save(run, state, done);
  return { steps: done, finished: done >= total, checkpoint };
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
    const changed = (["system", "preset", "config", "seed", "phases", "optimizer"] as const).filter((key) => JSON.stringify(known[key]) !== JSON.stringify(config[key]));
    if (changed.length > 0) throw new TalkfaceError("exists", `${path}: this run was started with another ${changed.join(", ")}. Give the same settings to resume it, or another --out.`);
    return;
  }
  await writeAtomic(path, `${JSON.stringify(config, null, 2)}\n`);
}

function load(state: TrainState, vectors: ReadonlyMap<string, Float32Array>, where: string): void {
  for (const [name, vector] of state) {
    const saved = vectors.get(name);
    if (saved === undefined || saved.length !== vector.length) {
      throw new TalkfaceError("bad-data", `${where}: ${name} has ${saved?.length ?? 0} numbers, expected ${vector.length}. It was made with another configuration.`);
    }
    vector.set(saved);
  }
}

async function runPhase(run: Run, state: TrainState, index: number, from: number, before: number): Promise<{ step: number; stopped: boolean }> {
  const { config, system, systemConfig, options, journal } = run;
  const settings = config.phases[index] as TrainConfig["phases"][number];
  const phase = system.phases.find((p) => p.name === settings.name);
  if (phase === undefined) throw new TalkfaceError("usage", `phase "${settings.name}": ${system.name} has ${system.phases.map((p) => p.name).join(", ")}.`);
  if (from === 0) resetMoments(state, phase.groups, run.rule);
  const fields = phase.batch(systemConfig);
  const { batch: count, frames } = framesOf(fields);
  const sampler = new WindowSampler(run.train, frames, config.seed);
  const read = (step: number): Promise<BatchArrays> => fillBatch(run.cache, run.contract, sampler.choose(before + step, count, frames), fields, trainingWindows);

  const runner = await PhaseRunner.open(system, systemConfig, phase, state, run.rule, options.device);
  const judge = await Judge.open(run, phase, fields);
  const line = progress(phase.name, settings.steps, "steps", from);
  const averages = new Averages();
  const started = performance.now();
  let next = read(from);
  let step = from;
  try {
    for (; step < settings.steps && !options.shouldStop(); step++) {
      const batch = await next;
      next = read(step + 1); // decoded by other threads while the step runs
      const memory = Math.min(config.averageMemory, (1 + step) / (10 + step));
      averages.add(await runner.step(batch, { step: step + 1, rate: rateAt(step, settings, config.warmupSteps), memory }));
      const done = step + 1;
      if (done % 50 === 0 || done === settings.steps) {
        const figures = averages.take();
        line.update(done, Object.entries(figures).filter(([name]) => name.startsWith("loss.")).map(([name, value]) => `${name.slice(5)} ${value.toFixed(4)}`).join(", "));
        await journal.write({ kind: "train", step: before + done, phase: phase.name, rate: rateAt(step, settings, config.warmupSteps), seconds: (performance.now() - started) / 1000, ...figures });
      }
      const last = done === settings.steps;
      if (judge !== null && (last || done % config.validateEvery === 0)) await judge.report(state, before + done, last || done % config.sampleEvery === 0);
      if (done % config.checkpointEvery === 0) await save(run, state, before + done);
    }
    await next;
  } finally {
    line.finish(`${phase.name}: ${step} of ${settings.steps} steps`);
    await runner.close();
    await judge?.close();
  }
  return { step, stopped: step < settings.steps };
}

/** Scores the averages of the weights on people that training never sees, always on the same windows. */
class Judge {
  readonly #run: Run;
  readonly #phase: Phase<unknown>;
  readonly #sampler: PhaseSampler;
  readonly #batches: readonly BatchArrays[];

  private constructor(run: Run, phase: Phase<unknown>, sampler: PhaseSampler, batches: readonly BatchArrays[]) {
    this.#run = run;
    this.#phase = phase;
    this.#sampler = sampler;
    this.#batches = batches;
  }

  static async open(run: Run, phase: Phase<unknown>, fields: readonly BatchField[]): Promise<Judge | null> {
    const { batch: count, frames } = framesOf(fields);
    if (!run.validation.some((clip) => clip.frames >= frames)) return null;
    const sampler = new WindowSampler(run.validation, frames, 1);
    const batches: BatchArrays[] = [];
    for (let i = 0; i < run.config.validationBatches; i++) {
      batches.push(await fillBatch(run.cache, run.contract, sampler.choose(i, count, frames), fields, validationWindows));
    }
    return new Judge(run, phase, await PhaseSampler.open(run.system, run.systemConfig, phase, run.options.device), batches);
  }

  async report(state: TrainState, step: number, withSheet: boolean): Promise<void> {
    const averages = new Averages();
    for (const [i, batch] of this.#batches.entries()) {
      const { figures, pictures } = await this.#sampler.run(batch, state);
      averages.add(figures);
      if (i === 0 && withSheet) await writeSampleSheet(this.#run.options.out, step, pictures);
    }
    await this.#run.journal.write({ kind: "validation", step, phase: this.#phase.name, ...averages.take() });
  }

  close(): Promise<void> {
    return this.#sampler.close();
  }
}

async function save(run: Run, state: TrainState, step: number): Promise<string> {
  const facts = {
    system: run.system.name,
    config: JSON.stringify(run.systemConfig),
    contract: JSON.stringify(run.contract),
    seed: String(run.config.seed),
    parameters: parameterNames(run.tables),
    phases: JSON.stringify(run.config.phases),
    clips: String(run.train.length),
    people: String(new Set(run.train.map((clip) => clip.person)).size),
    minutes: String(Math.round((run.train.reduce((sum, clip) => sum + clip.frames, 0) / run.contract.fps / 60) * 10) / 10),
  };
  return writeCheckpoint(run.options.out, { step, vectors: state, facts }, run.config.keepCheckpoints);
}
