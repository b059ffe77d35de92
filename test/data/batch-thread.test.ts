import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BatchThread } from "../../src/data/batch-thread.js";
import { ClipCache } from "../../src/data/clip-cache.js";
import { openDataset } from "../../src/data/dataset.js";
import { type ManifestClip, readManifest } from "../../src/data/manifest.js";
import { type BatchArrays, fillBatch, framesOf, trainingWindows } from "../../src/data/window-batch.js";
import { clipsFor, WindowSampler } from "../../src/data/window-sampler.js";
import { etGanAcw } from "../../src/systems/et-gan-acw/system.js";
import { writeShards } from "../support/shards.js";

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-batches-"));
  data = join(folder, "data");
  await writeShards(data, { people: 3, frames: 30, size: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("training batches come from their thread as they would from this one, and a folder that is none is an error here", async () => {
  const phase = etGanAcw.phases[0]!;
  const fields = phase.batch(etGanAcw.presets["tiny"]!);
  const { batch, frames } = framesOf(fields);
  const dataset = await openDataset([data]);
  const thread = await BatchThread.open({ folders: [data], seed: 3, cacheBytes: 2 ** 24 });
  const [second, first] = await Promise.all([thread.batch(fields, 1), thread.batch(fields, 0)]);
  await thread.close();
  const sampler = new WindowSampler(dataset.clips, frames, 3);
  const cache = new ClipCache(dataset, 0);
  expect(await fillBatch(cache, dataset.contract, sampler.choose(0, batch, frames), fields, trainingWindows)).toEqual(first);
  expect(second).not.toEqual(first);
  await dataset.close();
  await expect(thread.batch(fields, 2)).rejects.toThrow(/closed/);
  await expect(BatchThread.open({ folders: [join(folder, "none")], seed: 3, cacheBytes: 0 })).rejects.toMatchObject({ code: "missing-file" });
});

it("windows of damaged clips are replaced by others, the same ones each time, and counted; a damaged data set is an error", async () => {
  const fields = etGanAcw.phases[0]!.batch(etGanAcw.presets["tiny"]!);
  const bad = join(folder, "damaged");
  await writeShards(bad, { people: 3, frames: 30, size: 64 });
  const clips = await readManifest(bad);
  const damage = (clip: ManifestClip): void => {
    const shard = join(bad, clip.shard);
    const bytes = readFileSync(shard);
    const { offset, size } = clip.members["mesh.npy"]!;
    bytes.fill(7, offset, offset + Math.min(64, size)); // the header of the array
    writeFileSync(shard, bytes);
  };
  damage(clips[0]!);
  const read = async (): Promise<{ batches: BatchArrays[]; damaged: readonly string[] }> => {
    const thread = await BatchThread.open({ folders: [bad], seed: 3, cacheBytes: 2 ** 24 });
    const batches = await Promise.all([0, 1, 2, 3].map((index) => thread.batch(fields, index)));
    const { damaged } = thread;
    await thread.close();
    return { batches, damaged };
  };
  const [one, two] = [await read(), await read()];
  expect(one.batches).toEqual(two.batches);
  expect(one.damaged).toEqual([expect.stringContaining(`${clips[0]!.key}.mesh.npy`)]);
  for (const batch of one.batches) expect((batch["points"]!.data as Float32Array).every(Number.isFinite)).toBe(true);
  for (const clip of clips.slice(1)) damage(clip);
  await expect(read()).rejects.toThrow(/clips are damaged, the last one: .*mesh\.npy/);
});

it("lips are learned from clips in step alone, pictures from all", async () => {
  const folders = [join(folder, "in-step"), data];
  await writeShards(folders[0]!, { people: 2, frames: 30, size: 64, inStep: true });
  const dataset = await openDataset(folders);
  const inStep = dataset.clips.filter(({ sync }) => sync.corrected);
  expect(inStep.length).toBeGreaterThan(0);
  const [motion, expression, , render] = etGanAcw.phases.map((phase) => clipsFor(dataset.clips, phase.batch(etGanAcw.presets["tiny"]!)));
  expect(motion).toEqual(inStep);
  expect([expression, render]).toEqual([dataset.clips, dataset.clips]);
  const unsure = dataset.clips.filter(({ sync }) => !sync.corrected);
  expect(clipsFor(unsure, etGanAcw.phases[0]!.batch(etGanAcw.presets["tiny"]!))).toEqual(unsure);
  await dataset.close();
});
