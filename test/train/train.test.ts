import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonLines } from "../../src/base/files.js";
import { prepareVideos } from "../../src/data/prepare.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { readCheckpoint } from "../../src/store/checkpoint.js";
import { readModel } from "../../src/store/model.js";
import { parseTrainConfig } from "../../src/train/config.js";
import { exportModel } from "../../src/train/export.js";
import { train } from "../../src/train/loop.js";

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-train-"));
  data = join(folder, "data");
  const clips = planClips(3, 500, 1.4, 160, ["neutral"]);
  for (const [i, clip] of clips.entries()) await writePersonaClip(join(folder, "videos", `p${i}`), clip, { force: false });
  await prepareVideos({
    paths: [join(folder, "videos")], outFolder: data, size: 64, jobs: 1, limit: null, face: "largest", peopleFile: null, split: "all",
    allowSilent: false, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
  });
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = (steps: number): ReturnType<typeof parseTrainConfig> =>
  parseTrainConfig(
    {
      system: "et-gan-acw", preset: "tiny", data: [data], seed: 3,
      phases: [{ name: "motion", steps, rate: 2e-3 }, { name: "render", steps: 6, rate: 1e-3 }, { name: "adversarial", steps: 2, rate: 1e-4 }],
      checkpointEvery: 10, validateEvery: 1000, sampleEvery: 1000, validationBatches: 1,
    },
    "test",
  );

async function newestPath(run: string): Promise<string | null> {
  const names = (await readdir(run)).filter((name) => name.startsWith("checkpoint-")).sort();
  return names.length === 0 ? null : join(run, names.at(-1)!);
}

describe("training", () => {
  it("lowers the loss on real windows, goes through all phases, and gives a model that reads back", async () => {
    const out = join(folder, "run");
    const outcome = await train(settings(60), { out, device: "cpu", shouldStop: () => false });
    expect(outcome).toMatchObject({ steps: 68, finished: true });
    const journal = (await readJsonLines(join(out, "metrics.jsonl"))) as { kind: string; phase: string; step: number; "loss.generator": number }[];
    const motion = journal.filter((entry) => entry.kind === "train" && entry.phase === "motion");
    expect(motion.at(-1)!["loss.generator"]).toBeLessThan(motion[0]!["loss.generator"]);
    expect(new Set(journal.map((entry) => entry.phase))).toEqual(new Set(["motion", "render", "adversarial"]));
    const model = join(folder, "model");
    const bytes = await exportModel(outcome.checkpoint, model, { licence: "test licence" });
    const small = join(model, "float16");
    expect((await exportModel(outcome.checkpoint, small, { licence: "test licence", precision: "float16" })) / bytes).toBeLessThan(0.9); // a tiny network is mostly names
    expect((await readModel(small)).description.precision).toBe("float16");
    const { description, networks } = await readModel(model);
    expect([...networks.keys()].sort()).toEqual(["expression", "frame", "identity", "speech"]);
    expect(description).toMatchObject({ system: "et-gan-acw", licence: "test licence", training: { steps: 68, seed: 3, people: expect.any(Number) } });
  });

  it("starts from a model folder: every weight that its networks hold is taken over", async () => {
    const out = join(folder, "personal");
    await train(settings(1), { out, device: "cpu", init: join(folder, "model"), shouldStop: () => true });
    const last = await readCheckpoint((await newestPath(join(folder, "run")))!);
    const [from, taken] = [last, await readCheckpoint(join(out, "checkpoint-00000000.safetensors"))].map(({ vectors, facts }) => {
      const shapes = (JSON.parse(facts["parameters"]!) as Record<string, [string, number[]][]>)["generator"]!;
      return { shapes, vector: vectors.get("average.generator")! };
    }) as [{ shapes: [string, number[]][]; vector: Float32Array }, { shapes: [string, number[]][]; vector: Float32Array }];
    const trainingOnly = /^(lip|identity-guess|emotion)/; // heads that no deployed network has
    let offset = 0;
    for (const [name, shape] of from.shapes) {
      const end = offset + shape.reduce((a, b) => a * b, 1);
      if (!trainingOnly.test(name)) expect(taken.vector.subarray(offset, end), name).toEqual(from.vector.subarray(offset, end));
      offset = end;
    }
    await expect(train(settings(1), { out: join(folder, "nowhere"), device: "cpu", init: join(folder, "absent"), shouldStop: () => true })).rejects.toThrow(/absent/);
  });

  it("resumes to the same weights as an undisturbed run", async () => {
    const whole = await train(settings(12), { out: join(folder, "whole"), device: "cpu", shouldStop: () => false });
    let asked = 0;
    const out = join(folder, "parts");
    const first = await train(settings(12), { out, device: "cpu", shouldStop: () => ++asked > 5 });
    expect(first).toMatchObject({ steps: 5, finished: false });
    const second = await train(settings(12), { out, device: "cpu", shouldStop: () => false });
    expect(second.finished).toBe(true);
    const [a, b] = await Promise.all([readCheckpoint(whole.checkpoint), readCheckpoint(second.checkpoint)]);
    const [x, y] = [a.vectors.get("theta.generator")!, b.vectors.get("theta.generator")!];
    const difference = x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
    expect(difference).toBeLessThan(1e-4); // float32 sums of two threads may differ in order
    expect((await readdir(out)).some((name) => name.endsWith(".part"))).toBe(false);
  });

  it("starts from the weights of another run, by name", async () => {
    const out = join(folder, "init");
    const from = (await readdir(join(folder, "whole"))).find((name) => name.startsWith("checkpoint-"))!;
    await train(settings(12), { out, device: "cpu", init: join(folder, "whole", from), shouldStop: () => true });
    const [a, b] = await Promise.all([readCheckpoint(join(folder, "whole", from)), readCheckpoint(join(out, "checkpoint-00000000.safetensors"))]);
    expect(b.vectors.get("theta.generator")).toEqual(a.vectors.get("average.generator"));
  });

  it("refuses other settings in the same folder, data of another size, and phases that do not exist", async () => {
    const run = (change: object, name: string): Promise<unknown> => train({ ...settings(1), ...change }, { out: join(folder, name), device: "cpu", shouldStop: () => true });
    await expect(run({ seed: 4 }, "whole")).rejects.toThrow(/started with another seed/);
    await expect(run({ preset: "default" }, "new")).rejects.toThrow(/64 pixels wide.*needs 128/);
    await expect(run({ phases: [{ name: "sing", steps: 1, rate: 1 }] }, "new2")).rejects.toThrow(/phase "sing"/);
    expect(JSON.parse(await readFile(join(folder, "whole", "config.json"), "utf8"))).toMatchObject({ seed: 3 });
  });
});
