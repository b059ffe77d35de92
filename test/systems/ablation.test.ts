/** The ablation at its smallest: two variants, one step a phase, pictures of noise. */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { changesOf, readVariants, variantNames } from "../../bench/ablation/variants.js";
import { run } from "../../bench/ablation.js";
import { etGanAcw } from "../../src/systems/et-gan-acw/system.js";
import { writeShards } from "../support/shards.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-ablation-"));
  await writeShards(join(folder, "data"), { people: 6, heldOut: 2, frames: 64, size: 64, inStep: true });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("ablation", () => {
  it("has variants that differ from the full system in one thing each", () => {
    const configOf = (name: (typeof variantNames)[number]): Record<string, unknown> => etGanAcw.parseConfig({ ...etGanAcw.presets["tiny"], ...changesOf(name, "tiny", 128, [4, 2]) });
    const full = configOf("full");
    expect(full).toMatchObject({ size: 128, without: [], views: 2 });
    const changed = variantNames.slice(1).map((name) => Object.entries(configOf(name)).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(full[key])).map(([key]) => key));
    expect(changed.map((keys) => keys.join())).toEqual(variantNames.slice(1).map((name) => (name === "single-image" ? "views,motion,render" : "without")));
    expect(new Set(variantNames.map((name) => JSON.stringify(configOf(name)))).size).toBe(variantNames.length);
  });

  it("trains, scores and prints what is asked for, and keeps it", async () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(String(text)) > 0);
    const ablation = (...more: string[]): Promise<unknown> => run(["--data", join(folder, "data"), "--out", join(folder, "out"), "--steps", "1", "--batch", "3,2", "--limit", "1", "--only", "concatenation,single-image", ...more]);
    try {
      expect(await ablation()).toEqual({ variants: 2, preset: "tiny", steps: "1,1,1,1,1", batch: "3,2", seed: 0, clips: 1, people: 1 });
      const first = lines.splice(0);
      expect(first.map((line) => line.split(/ +/)[0])).toEqual(["single-image", "concatenation"]);
      for (const line of first) expect(line).toMatch(/ psnr=\d+\.\d\d .* ssim=[\d.]+ .*cross_lips=/);
      expect(first[0]!.replace("single-image", "")).not.toBe(first[1]!.replace("concatenation", ""));
      const model = join(folder, "out", "concatenation", "model", "frame.onnx");
      const trainedSteps = async (): Promise<number> => (await readFile(join(folder, "out", "concatenation", "run", "metrics.jsonl"), "utf8")).split('"kind":"train"').length - 1;
      const written = (await stat(model)).mtimeMs;
      expect(await trainedSteps()).toBe(5);
      await ablation();
      expect(lines).toEqual(first);
      expect([(await stat(model)).mtimeMs, await trainedSteps()]).toEqual([written, 5]);
      await expect(ablation("--seed", "1")).rejects.toThrow(/started with another seed/);
    } finally {
      write.mockRestore();
    }
  }, 240_000);

  it.each<[string[], RegExp]>([
    [["--out", "x", "--only", "full,nothing"], /--only nothing: expected some of full, no-speech/],
    [["--out", "x", "--steps", "2,3"], /--steps 2,3: expected one number, or one for each of motion, expression, speech, render, adversarial/],
    [["--out", "x", "--steps", "0"], /--steps 0: expected a whole number from 1/],
    [["--out", "x", "--batch", "4"], /--batch 4: expected MOTION,RENDER/],
    [["--out", "x", "--batch", "4,0"], /--batch 4,0: expected a whole number from 1/],
    [["--out", "x", "--device", "tpu"], /--device tpu: expected one of auto, cpu, cuda, webgpu/],
    [["--out", "x", "--limit", "none"], /--limit none/],
    [[], /--out: expected a folder/],
  ])("refuses %j", async (args, message) => {
    await expect(run(["--data", "nowhere", ...args])).rejects.toThrow(message);
    expect(readVariants(undefined)).toEqual(variantNames);
  });
});
