/** Courses that a run may take: another optimizer, several steps a run, divergence. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonLines } from "../../src/base/files.js";
import { readCheckpoint } from "../../src/store/checkpoint.js";
import { parseTrainConfig } from "../../src/train/config.js";
import { train } from "../../src/train/loop.js";
import { writeShards } from "../support/shards.js";

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-courses-"));
  data = join(folder, "data");
  await writeShards(data, { people: 3, frames: 30, size: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = (changes: object): ReturnType<typeof parseTrainConfig> => parseTrainConfig({ system: "et-gan-acw", preset: "tiny", data: [data], seed: 3, ...changes }, "test");

describe("a run", () => {
  it("resumes another optimizer with its own moments, in the middle of a run of several steps", async () => {
    const changes = { optimizer: { name: "rmsprop", momentum: 0.5 }, schedule: { kind: "linear" }, stepsPerRun: 4, phases: [{ name: "motion", steps: 12, rate: 1e-4 }] };
    const whole = await train(settings(changes), { out: join(folder, "rmsprop"), device: "cpu", shouldStop: () => false });
    let asked = 0;
    const out = join(folder, "rmsprop-parts");
    expect(await train(settings(changes), { out, device: "cpu", shouldStop: () => ++asked > 1 })).toMatchObject({ steps: 4, finished: false });
    const second = await train(settings({ ...changes, stepsPerRun: 1 }), { out, device: "cpu", shouldStop: () => false });
    const [a, b] = await Promise.all([readCheckpoint(whole.checkpoint), readCheckpoint(second.checkpoint)]);
    expect([...b.vectors.keys()].filter((name) => name.endsWith(".generator"))).toEqual(["theta.generator", "average.generator", "v.generator", "m.generator", "state.generator"]);
    for (const [name, vector] of a.vectors) expect(vector.reduce((most, x, i) => Math.max(most, Math.abs(x - b.vectors.get(name)![i]!)), 0), name).toBeLessThan(1e-4);
    await expect(train(settings({ ...changes, optimizer: { name: "adam" } }), { out, device: "cpu", shouldStop: () => true })).rejects.toThrow(/another optimizer/);
  });

  it("stops as diverged after so many steps that are not finite, with the last checkpoint whole", async () => {
    const out = join(folder, "diverged");
    const changes = { phases: [{ name: "motion", steps: 9, rate: 1e38 }], checkpointEvery: 1, skipLimit: 3 };
    await expect(train(settings(changes), { out, device: "cpu", shouldStop: () => false })).rejects.toMatchObject({ code: "diverged", message: expect.stringMatching(/motion, step 4: 3 updates in a row were skipped/) });
    const journal = (await readJsonLines(join(out, "metrics.jsonl"))) as { kind: string; step: number; event?: string }[];
    expect(journal.filter(({ kind }) => kind === "event").map(({ step }) => step)).toEqual([2, 3, 4]);
    expect(journal.find(({ kind }) => kind === "event")!.event).toMatch(/generator is not finite/);
    const { step, vectors } = await readCheckpoint(join(out, "checkpoint-00000003.safetensors"));
    expect(step).toBe(3);
    for (const vector of vectors.values()) expect(vector.every(Number.isFinite)).toBe(true);
  });
});
