/** Models that draw prepared data, and the controls. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { planOfModels, shuffledControl, stillControl, withControls } from "../../src/eval/controls.js";
import { evaluate } from "../../src/eval/evaluate.js";
import type { Pairing } from "../../src/eval/frame-pairs.js";
import { metricsOf } from "../../src/eval/registry.js";
import { remarksOf } from "../../src/eval/summary.js";
import type { Unit } from "../../src/eval/units.js";
import { runTalkface } from "../support/command.js";
import { testFolder } from "../support/media-files.js";
import { writeShards } from "../support/shards.js";
import { writeUntrainedModel } from "../support/untrained-model.js";

const folder = testFolder("eval-models");
const [data, one, two] = [folder.path("data"), folder.path("one"), folder.path("two")];
const pairing: Pairing = { frames: "truncate", crop: "none", size: null, resize: false };
const options = { pairing, jobs: 1, keep: null, onProgress: () => undefined };

beforeAll(async () => {
  await writeShards(data, { people: 3, frames: 12, size: 64 });
  await writeUntrainedModel(one, "tiny", 1);
  await writeUntrainedModel(two, "tiny", 2);
}, 120_000);
afterAll(folder.remove);

it("draws every clip with each model and compares them, with a still picture and foreign speech", async () => {
  const metrics = metricsOf(["psnr", "length-ratio"]);
  const plan = withControls(await planOfModels({ models: [one, two], data: [data], split: "train", device: "cpu", limit: null }), metrics);
  expect(plan.systems).toEqual(["one", "two", stillControl, shuffledControl]);
  const found = await evaluate(plan, metrics, options);
  expect(remarksOf(found)).toEqual([]);
  const psnr = Object.fromEntries(found.systems.map(({ name, scores }) => [name, scores["psnr"]!]));
  for (const each of Object.values(psnr)) expect(each).toMatchObject({ n: 3, of: 3, protocol: expect.stringContaining("self-driven") });
  expect(new Set(Object.values(psnr).map(({ mean }) => mean)).size).toBe(4);
  expect(found.systems[0]!.scores["length-ratio"]).toMatchObject({ mean: 1 });
  // 12 frames, of which the model was given 0, 3, 6 and 9, and the still picture is the first.
  const frames = (system: string): number => (found.clips.find((clip) => clip.system === system)!.scores["psnr"] as { frames: number }).frames;
  expect([frames("one"), frames(stillControl)]).toEqual([8, 11]);
  expect(found.comparisons.filter(({ score }) => score === "psnr").map(({ a, b, n }) => [a, b, n])).toEqual([["one", "two", 3], ["one", stillControl, 3], ["one", shuffledControl, 3], ["two", stillControl, 3], ["two", shuffledControl, 3]]);
});

it("lends every clip the speech of another person", async () => {
  const file = (path: string) => ({ kind: "file" as const, path });
  const units = ["a1", "a2", "b1", "c1"].map((clip): Unit => ({ system: "s", clip, made: file(`made/${clip}`), real: file(`real/${clip}`), sound: null, identity: clip[0]!, emotion: null }));
  const metrics = metricsOf(["psnr", "lips"]);
  const shuffled = withControls({ systems: ["s"], units, unpaired: [] }, metrics).units.filter(({ system }) => system === shuffledControl);
  expect(shuffled.map(({ clip }) => clip)).toEqual(units.map(({ clip }) => clip));
  for (const { clip, made, real, sound, only } of shuffled) {
    expect([made, only]).toEqual([file(`made/${clip}`), "speech"]);
    expect(sound).toEqual(real);
    expect((real as { path: string }).path.slice(5, 6)).not.toBe(clip[0]);
  }
  // Where no metric is of speech, the control would say nothing.
  expect(withControls({ systems: ["s"], units, unpaired: [] }, metricsOf(["psnr"])).systems).toEqual(["s", stillControl]);
});

it("says what is wrong with data and models before the first clip", async () => {
  const other = { models: [one], data: [data], device: "cpu" as const, limit: null };
  await expect(planOfModels({ ...other, split: "test" })).rejects.toThrow(/there is no clip in the split test/);
  await expect(planOfModels({ ...other, models: [data], split: "all" })).rejects.toThrow(/model\.json/);
  expect((await planOfModels({ ...other, split: "all", limit: 2 })).units.map(({ clip }) => clip)).toEqual(["data/clip0-000", "data/clip1-000"]);
  expect(runTalkface(["eval", "--model", one])).toMatchObject({ status: 2, stderr: expect.stringContaining("--model needs --data") });
});
