/** Videos that are not as they should be: each is named, the rest is scored, nothing is silently left out. */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planOfPaths } from "../../src/eval/pairs.js";
import { evaluate } from "../../src/eval/evaluate.js";
import type { Pairing } from "../../src/eval/frame-pairs.js";
import { metricsOf } from "../../src/eval/registry.js";
import { type Evaluation, remarksOf } from "../../src/eval/summary.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("unusual");
const plain: Pairing = { frames: "truncate", crop: "none", size: null, resize: false };

beforeAll(async () => {
  for (const path of ["made", "real"]) mkdirSync(folder.path(path));
  const [clip] = planClips(1, 930, 1.2, 128, ["neutral"]);
  const real = folder.path("real/good");
  await writePersonaClip(real, clip!, { force: false });
  const source = `${real}.mp4`;
  const variant = (name: string, options: readonly string[]): Promise<void> => runFfmpeg(["-i", source, ...options, folder.path(`made/${name}.mp4`)]);
  await variant("good", ["-crf", "30"]);
  await variant("mute", ["-an", "-crf", "30"]);
  await variant("short", ["-crf", "30", "-t", "0.8"]);
  await variant("fast", ["-an", "-crf", "30", "-r", "30"]);
  // Every frame of the first half second, then every third.
  await variant("uneven", ["-an", "-crf", "30", "-vf", "select='lt(n,13)+not(mod(n,3))'", "-vsync", "vfr", "-video_track_timescale", "25000"]);
  // The face is gone in the second half.
  await variant("hidden", ["-an", "-crf", "30", "-vf", "drawbox=c=gray:t=fill:enable='gte(n,15)'"]);
  writeFileSync(folder.path("made/empty.mp4"), "");
  writeFileSync(folder.path("made/alone.mp4"), "");
  for (const name of ["mute", "short", "fast", "uneven", "hidden", "empty"]) await runFfmpeg(["-i", source, "-c", "copy", folder.path(`real/${name}.mp4`)]);
}, 120_000);
afterAll(folder.remove);

describe("unusual videos", () => {
  let found: Evaluation;
  beforeAll(async () => {
    process.env["TALKFACE_HOME"] = folder.path("home"); // nothing is imported there
    const plan = await planOfPaths([folder.path("made")], folder.path("real"));
    found = await evaluate(plan, metricsOf(["psnr", "lmd", "lse", "sync"]), { pairing: plain, jobs: 2, keep: null, onProgress: () => undefined });
  }, 120_000);

  it("are named, each with what is the matter", () => {
    const remarks = remarksOf(found);
    const of = (clip: string): string[] => remarks.filter((remark) => remark.startsWith(`${clip}: `)).map((remark) => remark.slice(clip.length + 2));
    expect(of("good")).toEqual([expect.stringMatching(/^no lse: .*talkface import syncnet FILE/)]);
    expect(of("mute")).toEqual(["no lse: there is no sound", "no sync: there is no sound"]);
    expect(of("short")).toEqual([expect.stringMatching(/^no lse: SyncNet/), "no sync: 20 frames show a face, at least 24 are needed", "the lengths differ: 20 frames made, 30 real (ratio 0.667)"]);
    expect(of("fast")).toContain("the made video has 30 frames a second, brought to 25 a second by time stamp");
    expect(of("uneven")).toContain("the made video has a variable frame rate, brought to 25 a second by time stamp");
    expect(of("hidden")).toContain("no face in 15 of 30 frames of the made video");
    expect(of("empty")).toEqual([expect.stringMatching(/^not scored: .*empty\.mp4: the file is empty/)]);
    expect(of("alone")).toEqual([expect.stringMatching(/^not scored: .*has no video of that name/)]);
  });

  it("have scores of what is there, over as many clips as they say", () => {
    const { psnr, lmd, ...rest } = found.systems[0]!.scores;
    expect(psnr).toMatchObject({ n: 6, of: 8 });
    expect(lmd).toMatchObject({ n: 6, of: 8 });
    expect(rest).toMatchObject({ "lse-c": null, "lse-d": null, "av-offset": null, sync: { n: 1, of: 8 } });
    const hidden = found.clips.find(({ clip }) => clip === "hidden")!.scores["lmd"]!;
    expect(hidden).toMatchObject({ frames: 15 });
    for (const { scores } of found.clips) {
      for (const each of Object.values(scores)) if ("values" in each) expect(Object.values(each.values).every(Number.isFinite)).toBe(true);
    }
  });

  it("without any face to cut to are named as such", async () => {
    mkdirSync(folder.path("blank"));
    await runFfmpeg(["-f", "lavfi", "-i", "color=c=gray:s=64x64:r=25:d=0.4", folder.path("blank/good.mp4")]);
    const plan = await planOfPaths([folder.path("blank/good.mp4")], folder.path("real/good.mp4"));
    const { clips } = await evaluate(plan, metricsOf(["psnr", "lmd", "length-ratio"]), { pairing: { ...plain, crop: "face" }, jobs: 1, keep: null, onProgress: () => undefined });
    expect(remarksOf({ clips, systems: [] })).toEqual(["psnr", "lmd"].map((metric) => `good.mp4: no ${metric}: there is no face to cut to`).concat("good.mp4: the lengths differ: 10 frames made, 30 real (ratio 0.333)"));
    expect(clips[0]!.scores["length-ratio"]).toMatchObject({ values: { "length-ratio": expect.closeTo(1 / 3, 9) } });
  });
});
