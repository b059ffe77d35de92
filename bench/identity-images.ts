/**
 * What more identity pictures give: the second half of a val clip is made from 1, 2, 4 and 8 pictures of its first half, one clip of each
 * person. Prints a line for each number with means and 95 % intervals over people; the last line has the means.
 *
 *   npm run bench -- identity-images --data PREPARED [--data MORE] [--model onnx/et-gan-acw] [--limit PEOPLE]
 */
import { parseArgs } from "node:util";
import { TalkfaceError } from "../src/base/errors.js";
import { info, progress } from "../src/base/log.js";
import { openDataset } from "../src/data/dataset.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { createIdentityNet } from "../src/face/identity.js";
import { bootstrapMean, intervalProtocol, meanOf } from "../src/metrics/bootstrap.js";
import { chooseViews } from "../src/synth/identity-views.js";
import { type CountScores, type Curve, identityImagesProtocol, measureCurve, pictureCounts } from "./identity-images/curve.js";
import { chooseClips, onePerPerson, thinClips } from "./quality/clips.js";
import type { FaceCrop } from "./quality/drive.js";
import { openModelDrive } from "./quality/model-drive.js";
import { readLimit, requireSize } from "./quality/options.js";

const scores = { psnr: 2, ssim: 4, id: 3, lips: 3 } as const satisfies Record<keyof CountScores, number>;

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const { model: folder, data, limit } = readOptions(args);
  const model = await openModelDrive(folder);
  const dataset = await openDataset(data);
  try {
    requireSize(model, dataset, data);
    const clips = thinClips(onePerPerson(chooseClips(dataset).clips), limit);
    if (clips.length === 0) throw new TalkfaceError("bad-data", `${data.join(", ")}: no val clip fits. Prepare val people.`);
    info(`${identityImagesProtocol}; this model takes ${model.maximumViews}`);
    const judges = { analyzer: await createFaceAnalyzer(), identity: await createIdentityNet() };
    const shown = progress("identity-images", clips.length, "people");
    const curves: Curve[] = [];
    for (const clip of clips) {
      curves.push(await measureCurve(clip, model.drive, (pictures) => viewsOf(pictures, model.maximumViews), judges));
      shown.update(curves.length, clip.id);
    }
    shown.finish();
    process.stdout.write(linesOf(curves, model.maximumViews));
    return { people: curves.length, ...Object.fromEntries(pictureCounts.flatMap((count) => Object.keys(scores).map((score) => [`${score}_${count}`, figureOf(curves, count, score as keyof CountScores)]))) };
  } finally {
    await dataset.close();
    await model.close();
  }
}

/** A line for each number of pictures. */
export function linesOf(curves: readonly Curve[], maximumViews: number): string {
  const cell = (count: (typeof pictureCounts)[number], score: keyof CountScores): string => {
    const values = valuesOf(curves, count, score);
    if (values.length === 0) return "none";
    const { mean, low, high } = bootstrapMean(values);
    return `${mean.toFixed(scores[score])} [${low.toFixed(scores[score])}, ${high.toFixed(scores[score])}]`;
  };
  const lines = pictureCounts.map((count) => `K=${count} (shown: ${Math.min(count, maximumViews)}) ${Object.keys(scores).map((score) => `${score} ${cell(count, score as keyof CountScores)}`).join("  ")}`);
  return [`${curves.length} people; mean [low, high], ${intervalProtocol}`, ...lines].map((line) => `${line}\n`).join("");
}

function valuesOf(curves: readonly Curve[], count: (typeof pictureCounts)[number], score: keyof CountScores): number[] {
  return curves.map((curve) => curve[count][score]).filter((value) => value !== null);
}

function figureOf(curves: readonly Curve[], count: (typeof pictureCounts)[number], score: keyof CountScores): string {
  const values = valuesOf(curves, count, score);
  return values.length === 0 ? "none" : meanOf(values).toFixed(scores[score]);
}

/** As synth picks from what it is given. */
function viewsOf(pictures: readonly FaceCrop[], most: number): FaceCrop[] {
  return chooseViews(pictures.map(({ image, mesh }) => ({ crop: image, mesh })), most).map(({ crop, mesh }) => ({ image: crop, mesh }));
}

function readOptions(args: readonly string[]): { model: string; data: readonly string[]; limit: number } {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { model: text, data: { type: "string", multiple: true }, limit: text } });
  const { model = "onnx/et-gan-acw", data = [], limit } = values;
  return { model, data, limit: readLimit(limit) };
}
