/**
 * How good the talking faces are: every val clip is driven by itself with its own speech, with three foreign ones, and held still; the
 * frames are looked at by the toolkit's own landmarker, real and made alike. Prints a table with intervals; the last line has the means.
 *
 * Numbers and sheets are of the people in the data: figures may be published, sheets may not.
 *
 *   npm run bench -- quality --data PREPARED [--data MORE] [--model onnx/et-gan-acw] [--limit N] [--only CLIP ...] [--json FILE] [--sheet DIR]
 */
import { parseArgs } from "node:util";
import { TalkfaceError } from "../src/base/errors.js";
import { writeAtomic } from "../src/base/files.js";
import { info, progress } from "../src/base/log.js";
import { openDataset } from "../src/data/dataset.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { createExpressionNet } from "../src/face/expression.js";
import { createIdentityNet } from "../src/face/identity.js";
import { chooseClips, namedClips, thinClips } from "./quality/clips.js";
import { measureClip, type ClipResult } from "./quality/measure.js";
import { openModelDrive } from "./quality/model-drive.js";
import { readLimit, requireSize } from "./quality/options.js";
import { figuresOf, jsonOf, protocols, summarise, tableOf } from "./quality/report.js";
import { spreadFrames, writeSheet } from "./quality/sheet.js";

export async function run(args: readonly string[]): Promise<Record<string, string>> {
  const options = readOptions(args);
  const model = await openModelDrive(options.model);
  const dataset = await openDataset(options.data);
  try {
    requireSize(model, dataset, options.data);
    const { clips: all, skipped } = chooseClips(dataset);
    const clips = thinClips(namedClips(all, options.only), options.limit);
    if (clips.length === 0) throw new TalkfaceError("bad-data", `${options.data.join(", ")}: no val clip fits (${protocols.clips}). Prepare val people.`);
    info(`${clips.length} of ${all.length} clips; left out: ${Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`).join(", ") || "none"}`);
    const judges = { analyzer: await createFaceAnalyzer(), identity: await createIdentityNet(), expression: await createExpressionNet() };
    const shown = progress("quality", clips.length, "clips");
    const results: ClipResult[] = [];
    for (const clip of clips) {
      const { result, frames } = await measureClip(clip, all, model.drive, judges);
      results.push(result);
      if (options.sheet !== null) await writeSheet(options.sheet, clip.id, [frames.real, frames.model, frames.foreign].map(spreadFrames));
      if (options.json !== null) await writeAtomic(options.json, jsonOf({ model: options.model, protocols, summary: summarise(results), skipped, clips: results }));
      shown.update(results.length, `${clip.id} lips ${result.model.lips.toFixed(2)}, foreign ${result.foreign.lips.toFixed(2)}`);
    }
    shown.finish();
    const summary = summarise(results);
    process.stdout.write(tableOf(summary));
    return figuresOf(summary);
  } finally {
    await dataset.close();
    await model.close();
  }
}

interface Options {
  readonly model: string;
  readonly data: readonly string[];
  readonly limit: number;
  /** Identifiers of clips; none: all. */
  readonly only: readonly string[];
  readonly json: string | null;
  readonly sheet: string | null;
}

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { model: text, data: { type: "string", multiple: true }, only: { type: "string", multiple: true }, limit: text, json: text, sheet: text } });
  const { model = "onnx/et-gan-acw", data = [], only = [], limit, json = null, sheet = null } = values;
  return { model, data, limit: readLimit(limit), only, json, sheet };
}
