/** The bench of fitting to one person at its smallest: a tiny untrained model, two steps, pictures of noise. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clipsOf, personIn } from "../../bench/personal/clips.js";
import { run } from "../../bench/personal.js";
import type { QualityClip } from "../../bench/quality/clips.js";
import { writeShards } from "../support/shards.js";
import { writeUntrainedModel } from "../support/untrained-model.js";

let folder: string;
const place = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-personal-bench-"));
  await writeShards(place("person"), { people: 1, frames: 20, size: 64 });
  await writeShards(place("data"), { people: 3, heldOut: 3, frames: 64, size: 64, inStep: true });
  await writeUntrainedModel(place("model"), "tiny");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the bench of personal models", () => {
  it("trains, exports and scores the model before and after on the same clips", async () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(...String(text).trimEnd().split("\n")) > 0);
    const bench = (...more: string[]): Promise<Record<string, string | number>> =>
      run([
        ...["--person", place("person"), "--data", place("data"), "--model", place("model"), "--out", place("out"), "--sheet", place("sheets")],
        ...["--minutes", "5", "--steps", "2", ...more],
      ]);
    try {
      const figures = await bench();
      expect(figures).toMatchObject({ clips: 1, steps: 2, gain_psnr: expect.stringMatching(/^[+-]\d+\.\d\d$/) });
      expect(Number(figures["minutes"])).toBeLessThan(5);
      const [base, personal, gain] = lines.map((line) => Object.fromEntries(line.split(/ +/).slice(1).map((pair) => pair.split("="))) as Record<string, string>);
      expect(lines.map((line) => line.split(" ")[0])).toEqual(["base", "personal", "gain"]);
      for (const keys of [base!, personal!, gain!]) expect(Object.keys(keys)).toEqual(["psnr", "ssim", "id", "lips", "mouth_sharpness"]);
      expect(Number(personal!["ssim"]) - Number(base!["ssim"])).toBeCloseTo(Number(gain!["ssim"]), 3);
      expect(await readdir(place("sheets"))).toEqual(["data_clip0-000.png"]);
      expect((await readdir(place("out"))).sort()).toEqual(["model", "run", "trained.json"]);
      const first = lines.splice(0);
      const trained = (await stat(place("out/trained.json"))).mtimeMs;
      await bench(); // is scored again only
      expect([lines, (await stat(place("out/trained.json"))).mtimeMs]).toEqual([first, trained]);
      await expect(bench("--steps", "3")).rejects.toThrow(/out: holds another run/);
    } finally {
      write.mockRestore();
    }
  }, 240_000);

  it("takes one person alone, and clips that are there", async () => {
    await expect(personIn(place("data"))).rejects.toThrow(/data: 0 people in its training clips, expected one/);
    const clips = ["a/x-000", "a/x-001", "a/y-000"].map((id) => ({ id, person: id[2] }) as QualityClip);
    const named = (...args: Parameters<typeof clipsOf>): string[] => clipsOf(...args).map(({ id }) => id);
    expect(named(clips, [], "x")).toEqual(["a/x-000", "a/x-001"]);
    expect(named(clips, ["a/y-000", "a/x-001"], "x")).toEqual(["a/x-001", "a/y-000"]);
    expect(() => clipsOf(clips, ["z"], "x")).toThrow(/--only z: not among the 3 clips/);
    expect(() => clipsOf(clips, [], "z")).toThrow(/no clip of z fits/);
  });

  it.each<[string[], RegExp]>([
    [[], /--person: expected a prepared folder/],
    [["--person", "x"], /--out: expected a folder/],
    [["--person", "x", "--out", "y", "--minutes", "none"], /--minutes none: expected a number above 0/],
  ])("refuses %j", async (args, message) => {
    await expect(run(args)).rejects.toThrow(message);
  });
});
