/** A variant's model: trained, or gone on with, or as it was left. */
import { join } from "node:path";
import { TalkfaceError } from "../../src/base/errors.js";
import { exists, readJson } from "../../src/base/files.js";
import type { Device } from "../../src/runtime/devices.js";
import { etGanAcw } from "../../src/systems/et-gan-acw/system.js";
import { parseTrainConfig, type TrainConfig } from "../../src/train/config.js";
import { exportModel } from "../../src/train/export.js";
import { train } from "../../src/train/loop.js";
import { changesOf, type VariantName } from "./variants.js";

export interface TrainingPlan {
  /** Folder with one for each variant: `run`, `model`. */
  readonly out: string;
  readonly data: readonly string[];
  readonly preset: string;
  /** Of each phase, in order. */
  readonly steps: readonly number[];
  /** Windows a step in the motion phase and in the two others. */
  readonly batch: readonly [number, number];
  readonly device: Device;
  readonly seed: number;
  /** Side of the crops in pixels. */
  readonly size: number;
  readonly shouldStop: () => boolean;
}

/** Trains a variant from where its run stands and exports its weights. Returns the folder of the model. Throws `interrupted`, and `exists` where the run had other settings. */
export async function trainedModel(name: VariantName, { out, data, preset, steps, batch, device, seed, size, shouldStop }: TrainingPlan): Promise<string> {
  const [runFolder, model] = [join(out, name, "run"), join(out, name, "model")];
  const config = parseTrainConfig(
    {
      system: etGanAcw.name, preset, seed, data,
      config: changesOf(name, preset, size, batch),
      phases: etGanAcw.phases.map(({ name: phase, defaultRate: rate }, i) => ({ name: phase, steps: steps[i] as number, rate })),
      // Judged seldom, for the journal: what is compared are the scores of the last weights.
      validateEvery: Math.max(...steps), sampleEvery: Math.max(...steps), validationBatches: 2, checkpointEvery: Math.min(...steps, 500), keepCheckpoints: 1,
    } satisfies Partial<Record<keyof TrainConfig, unknown>>,
    "ablation",
  );
  await requireSameData(join(runFolder, "config.json"), data);
  const { finished, steps: done } = await train(config, { out: runFolder, device, shouldStop });
  if (!finished) throw new TalkfaceError("interrupted", `${runFolder}: stopped after step ${done}. The same command continues.`);
  if (!(await exists(join(model, "model.json")))) await exportModel(runFolder, model, { licence: "none: trained for a comparison only" });
  return model;
}

/** A run may go on with other data, a comparison may not. */
async function requireSameData(path: string, data: readonly string[]): Promise<void> {
  if (!(await exists(path))) return;
  const before = parseTrainConfig(await readJson(path), path).data;
  if (before.join() !== data.join()) throw new TalkfaceError("exists", `${path}: this variant was trained on ${before.join(", ")}. Give the same --data, or another --out.`);
}
