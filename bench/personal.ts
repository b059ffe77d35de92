/**
 * What fitting a model to one person gives: the model is trained on that person's footage as `talkface train --init MODEL --data DIR` does it,
 * and scored with the model it came from on clips that it has not seen, driven by themselves as in `quality`. Prints a line for either and one for the
 * gains. The weights stay in --out; what was trained there with the same is only scored.
 *
 *   npm run bench -- personal --person PREPARED --data PREPARED [--data MORE] --out DIR [--only CLIP ...]
 *     [--model onnx/et-gan-acw] [--minutes 30] [--steps N] [--sheet DIR]
 *
 * Clips that are scored must be of other recordings than those of --person; by default all val clips of the same name of a person.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TalkfaceError } from "../src/base/errors.js";
import { info, progress } from "../src/base/log.js";
import { openDataset } from "../src/data/dataset.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { createExpressionNet } from "../src/face/expression.js";
import { createIdentityNet } from "../src/face/identity.js";
import { personalMinutes } from "../src/train/personal.js";
import { clipsOf, personIn } from "./personal/clips.js";
import { compareOn, type Pair } from "./personal/compare.js";
import { gainsOf, linesOf } from "./personal/report.js";
import { personalModel } from "./personal/trained.js";
import { chooseClips, type QualityClip } from "./quality/clips.js";
import type { FullScores, Judges } from "./quality/measure.js";
import { openModelDrive } from "./quality/model-drive.js";
import { requireSize } from "./quality/options.js";
import { spreadFrames, writeSheet } from "./quality/sheet.js";

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const options = readOptions(args);
  const dataset = await openDataset(options.data);
  const base = await openModelDrive(options.model);
  try {
    requireSize(base, dataset, options.data); // before anything is trained
    const clips = clipsOf(chooseClips(dataset).clips, options.only, await personIn(options.person));
    const { model, steps, minutes } = await personalModel(options);
    info(`${steps} steps in ${minutes.toFixed(1)} minutes, training and export`);
    const personal = await openModelDrive(model);
    try {
      const scores = await scoresOf(clips, { base: base.drive, personal: personal.drive }, options.sheet);
      process.stdout.write(linesOf(scores));
      const gains = Object.entries(gainsOf(scores)).map(([key, gain]) => [`gain_${key}`, gain]);
      return { clips: clips.length, steps, minutes: minutes.toFixed(1), ...Object.fromEntries(gains) };
    } finally {
      await personal.close();
    }
  } finally {
    await base.close();
    await dataset.close();
  }
}

/** Scores of every clip; with a folder for sheets, what is compared in rows: base, personal, real. */
async function scoresOf(clips: readonly QualityClip[], drives: Parameters<typeof compareOn>[1], sheets: string | null): Promise<Pair<FullScores>[]> {
  const judges: Judges = { analyzer: await createFaceAnalyzer(), identity: await createIdentityNet(), expression: await createExpressionNet() };
  const shown = progress("clips", clips.length, "clips");
  const all: Pair<FullScores>[] = [];
  for (const clip of clips) {
    const { scores, frames } = await compareOn(clip, drives, judges);
    all.push(scores);
    if (sheets !== null) await writeSheet(sheets, clip.id, [frames.base, frames.personal, frames.real].map(spreadFrames));
    shown.update(all.length, clip.id);
  }
  shown.finish();
  return all;
}

interface Options {
  readonly person: string;
  readonly data: readonly string[];
  readonly only: readonly string[];
  readonly model: string;
  readonly minutes: number;
  /** Fewer steps than the settings have; null for theirs. */
  readonly steps: number | null;
  readonly out: string;
  readonly sheet: string | null;
}

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const texts = { type: "string", multiple: true } as const;
  const { values } = parseArgs({ args: [...args], options: { person: text, data: texts, only: texts, model: text, minutes: text, steps: text, out: text, sheet: text } });
  const { person, data = [], only = [], model = join("onnx", "et-gan-acw"), minutes, steps, out, sheet = null } = values;
  if (person === undefined) throw new TalkfaceError("usage", "--person: expected a prepared folder of one person.");
  if (out === undefined) throw new TalkfaceError("usage", "--out: expected a folder for the run and the model.");
  const limit = above0("--minutes", minutes ?? String(personalMinutes));
  return { person, data, only, model, minutes: limit, steps: steps === undefined ? null : Math.ceil(above0("--steps", steps)), out, sheet };
}

function above0(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new TalkfaceError("usage", `${name} ${text}: expected a number above 0.`);
  return value;
}
