/**
 * What each part of ET-GAN-ACW is good for: variants without it, trained with the same steps, seed and batches, scored on the same val clips as
 * `quality` scores them. Each variant has a folder in --out: what was trained or scored there is not done again, what was interrupted goes on.
 * Prints a line for each variant; few steps compare what is learned first and say nothing of the end.
 *
 *   npm run bench -- ablation --data PREPARED [--data MORE] --out DIR [--preset tiny|default] [--steps N or MOTION,EXPRESSION,SPEECH,RENDER,ADVERSARIAL] [--batch MOTION,RENDER] [--seed N]
 *                             [--device auto|cpu|cuda|webgpu] [--limit CLIPS] [--only full,concatenation]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { TalkfaceError } from "../src/base/errors.js";
import { exists, readJson, sha256File, writeAtomic } from "../src/base/files.js";
import { info, progress } from "../src/base/log.js";
import { openDataset } from "../src/data/dataset.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { createExpressionNet } from "../src/face/expression.js";
import { createIdentityNet } from "../src/face/identity.js";
import { type Device, parseDevice } from "../src/runtime/devices.js";
import { etGanAcw } from "../src/systems/et-gan-acw/system.js";
import { trainedModel } from "./ablation/trained.js";
import { presetOf, readVariants, type VariantName, variantNames } from "./ablation/variants.js";
import { chooseClips, thinClips, type QualityClip } from "./quality/clips.js";
import { type ClipResult, type Judges, measureClip } from "./quality/measure.js";
import { openModelDrive } from "./quality/model-drive.js";
import { readLimit } from "./quality/options.js";
import { figuresOf, protocols, summarise } from "./quality/report.js";

/** Figures of a variant, of which model and by which clips and rules. */
const kept = z.strictObject({ model: z.string(), clips: z.array(z.string()), protocols: z.record(z.string(), z.string()), figures: z.record(z.string(), z.string()) });
type Kept = z.infer<typeof kept>;

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const options = readOptions(args);
  const dataset = await openDataset(options.data);
  let stop = false;
  const ask = (): void => void (stop = true);
  process.once("SIGINT", ask);
  try {
    const { clips: all } = chooseClips(dataset);
    const clips = thinClips(all, options.limit);
    if (clips.length === 0) throw new TalkfaceError("bad-data", `${options.data.join(", ")}: no val clip fits (${protocols.clips}). Prepare val people.`);
    const judges = { analyzer: await createFaceAnalyzer(), identity: await createIdentityNet(), expression: await createExpressionNet() };
    for (const variant of options.variants) {
      const started = performance.now();
      const model = await trainedModel(variant, { ...options, size: dataset.contract.size, shouldStop: () => stop });
      info(`${variant}: trained after ${((performance.now() - started) / 1000).toFixed(0)} s`);
      const figures = await scoresOf(variant, model, clips, all, judges, join(options.out, variant, "scores.json"));
      process.stdout.write(`${variant.padEnd(Math.max(...variantNames.map(({ length }) => length)))} ${Object.entries(figures).map(([key, value]) => `${key}=${value}`).join(" ")}\n`);
    }
    const people = new Set(clips.map(({ person }) => person)).size;
    return { variants: options.variants.length, preset: options.preset, steps: options.steps.join(), batch: options.batch.join(), seed: options.seed, clips: clips.length, people };
  } finally {
    process.removeListener("SIGINT", ask);
    await dataset.close();
  }
}

/** Scores a model on the clips, or takes what was kept of the same. */
async function scoresOf(variant: VariantName, model: string, clips: readonly QualityClip[], all: readonly QualityClip[], judges: Judges, path: string): Promise<Record<string, string>> {
  const asked = { model: await sha256File(join(model, "model.json")), clips: clips.map(({ id }) => id), protocols: { ...protocols } };
  if (await exists(path)) {
    const { success, data } = kept.safeParse(await readJson(path));
    if (success && JSON.stringify({ model: data.model, clips: data.clips, protocols: data.protocols }) === JSON.stringify(asked)) return data.figures;
  }
  const drawing = await openModelDrive(model);
  const results: ClipResult[] = [];
  const shown = progress(variant, clips.length, "clips");
  try {
    for (const clip of clips) {
      results.push((await measureClip(clip, all, drawing.drive, judges)).result);
      shown.update(results.length, clip.id);
    }
  } finally {
    shown.finish();
    await drawing.close();
  }
  const figures = figuresOf(summarise(results));
  await writeAtomic(path, `${JSON.stringify({ ...asked, figures } satisfies Kept, null, 2)}\n`);
  return figures;
}

interface Options {
  readonly data: readonly string[];
  readonly out: string;
  readonly preset: string;
  readonly steps: readonly number[];
  /** Windows a step in the motion phase and in the two others. */
  readonly batch: readonly [number, number];
  readonly device: Device;
  readonly seed: number;
  readonly limit: number;
  readonly variants: readonly VariantName[];
}

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { data: { type: "string", multiple: true }, out: text, preset: text, steps: text, batch: text, device: text, seed: text, limit: text, only: text } });
  const { data = [], out, preset = "tiny", steps, batch, device = "cpu", seed = "0", limit, only } = values;
  if (out === undefined) throw new TalkfaceError("usage", "--out: expected a folder for the runs of the variants.");
  return { data, out, preset, steps: readSteps(steps), batch: readBatch(batch, preset), device: parseDevice(device), seed: whole("--seed", seed, 0), limit: readLimit(limit, 6), variants: readVariants(only) };
}

/** One number for each phase, or one for all. */
function readSteps(text = "200"): number[] {
  const given = text.split(",").map((part) => whole("--steps", part, 1, text));
  const { phases } = etGanAcw;
  if (given.length !== 1 && given.length !== phases.length) throw new TalkfaceError("usage", `--steps ${text}: expected one number, or one for each of ${phases.map(({ name }) => name).join(", ")}.`);
  return phases.map((_, i) => given[i] ?? (given[0] as number));
}

/** `MOTION,RENDER`; the preset's where nothing is given. */
function readBatch(text: string | undefined, preset: string): [number, number] {
  if (text === undefined) return [presetOf(preset).motion.batch, presetOf(preset).render.batch];
  const [motion, render, ...more] = text.split(",").map((part) => whole("--batch", part, 1, text));
  if (motion === undefined || render === undefined || more.length > 0) throw new TalkfaceError("usage", `--batch ${text}: expected MOTION,RENDER, for instance 16,3.`);
  return [motion, render];
}

function whole(name: string, text: string, least: number, given = text): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least) throw new TalkfaceError("usage", `${name} ${given}: expected a whole number from ${least}.`);
  return value;
}
