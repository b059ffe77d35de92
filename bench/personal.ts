/**
 * What fitting a model to one person gives: the model is trained on that person's footage as `talkface train --init MODEL --data DIR` does it,
 * and scored with the model it came from on clips that it has not seen, as `quality` scores them. Prints a line for either and one for the
 * gains. The weights stay in --out.
 *
 *   npm run bench -- personal --person PREPARED --data PREPARED [--data MORE] --out DIR [--only CLIP ...]
 *     [--model onnx/et-gan-acw] [--minutes 30] [--steps N] [--sheet DIR]
 *
 * Clips that are scored must be of other recordings than those of --person; by default all val clips of the same name of a person.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TalkfaceError } from "../src/base/errors.js";
import { exists } from "../src/base/files.js";
import { info } from "../src/base/log.js";
import { openDataset } from "../src/data/dataset.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { createExpressionNet } from "../src/face/expression.js";
import { createIdentityNet } from "../src/face/identity.js";
import type { Image } from "../src/media/image.js";
import { personalMinutes } from "../src/train/personal.js";
import { clipsOf, personIn } from "./personal/clips.js";
import { personalModel } from "./personal/trained.js";
import { chooseClips } from "./quality/clips.js";
import type { ClipFrames, ClipResult, Judges } from "./quality/measure.js";
import { measureModel } from "./quality/measure-model.js";
import { summarise, type Summary } from "./quality/report.js";
import { spreadFrames, writeSheet } from "./quality/sheet.js";

/** Figures of a line and their decimals. */
const shown = { psnr: 2, ssim: 4, id: 3, lips: 3, mouthSharpness: 3 } as const satisfies Partial<Record<keyof Summary["means"]["model"], number>>;
type Shown = keyof typeof shown;

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const options = readOptions(args);
  if (await exists(options.out)) {
    throw new TalkfaceError("exists", `${options.out}: is there already. Give another --out: a run that goes on would take more than its minutes.`);
  }
  const dataset = await openDataset(options.data);
  try {
    const { clips: all } = chooseClips(dataset);
    const clips = clipsOf(all, options.only, await personIn(options.person));
    const judges: Judges = { analyzer: await createFaceAnalyzer(), identity: await createIdentityNet(), expression: await createExpressionNet() };
    const pictures = new Map(clips.map(({ id }) => [id, [] as Image[][]]));
    const measure = (label: string, model: string): Promise<ClipResult[]> =>
      measureModel({ label, model, clips, all, judges, onFrames: ({ id }, frames) => void pictures.get(id)!.push(...rowsOf(label, frames)) });
    const base = await measure("base", options.model);
    const { model, steps, minutes } = await personalModel(options);
    info(`${steps} steps in ${minutes.toFixed(1)} minutes, training and export`);
    const personal = await measure("personal", model);
    if (options.sheet !== null) for (const [id, rows] of pictures) await writeSheet(options.sheet, id, rows);
    const [before, after] = [summarise(base), summarise(personal)];
    process.stdout.write(linesOf(before, after));
    return { clips: clips.length, steps, minutes: minutes.toFixed(1), ...gainsOf(before, after) };
  } finally {
    await dataset.close();
  }
}

/** Rows of a clip's sheet: real and made by the model as it was, then by the personal one. */
function rowsOf(label: string, { real, model }: ClipFrames): Image[][] {
  return (label === "base" ? [model] : [model, real]).map(spreadFrames);
}

const names = Object.keys(shown) as Shown[];

function meanOf({ means }: Summary, name: Shown): number | null {
  return means.model[name]?.mean ?? null;
}

/** A line for each model and one for what the second has gained. */
function linesOf(before: Summary, after: Summary): string {
  const figure = (summary: Summary, name: Shown): string => `${keys[name]}=${meanOf(summary, name)?.toFixed(shown[name]) ?? "none"}`;
  const line = (label: string, summary: Summary): string => `${label.padEnd(9)}${names.map((name) => figure(summary, name)).join(" ")}\n`;
  const gains = Object.entries(gainsOf(before, after)).map(([key, gain]) => `${key.replace("gain_", "")}=${gain}`);
  return `${line("base", before)}${line("personal", after)}${"gain".padEnd(9)}${gains.join(" ")}\n`;
}

function gainsOf(before: Summary, after: Summary): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const [a, b] = [meanOf(before, name), meanOf(after, name)];
      return [`gain_${keys[name]}`, a === null || b === null ? "none" : `${b >= a ? "+" : ""}${(b - a).toFixed(shown[name])}`];
    }),
  );
}

const keys: Readonly<Record<Shown, string>> = { psnr: "psnr", ssim: "ssim", id: "id", lips: "lips", mouthSharpness: "mouth_sharpness" };

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
