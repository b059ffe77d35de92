import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { ClipCache } from "../../src/data/clip-cache.js";
import { openDataset } from "../../src/data/dataset.js";
import { prepareVideos } from "../../src/data/prepare.js";
import { agreement, SyncExpert } from "../../src/data/sync-expert.js";
import { mouthMotion } from "../../src/features/mouth-motion.js";
import { columnsPerFrame } from "../../src/features/speech.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-expert-"));
  const [clip] = planClips(1, 900, 5, 160, ["neutral"]);
  await writePersonaClip(join(folder, "videos", "p"), clip!, { force: false });
  await prepareVideos({
    paths: [join(folder, "videos")], outFolder: join(folder, "data"), size: 128, jobs: 1, limit: null, face: "largest", peopleFile: null, split: "all",
    allowSilent: false, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
  });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("offsets", () => {
  const random = new Random(4);
  const rows = Array.from({ length: 60 }, () => {
    const row = Float32Array.from({ length: 12 }, () => random.normal());
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });

  it("are the time of the mouth less the time of the sound", () => {
    expect(agreement(rows, rows)).toMatchObject({ offset: 0 });
    expect(agreement(rows, rows)!.best).toBeCloseTo(1, 5);
    expect(agreement(rows.slice(3), rows)!.offset).toBe(-3); // the mouth leads
    expect(agreement(rows, rows.slice(5))!.offset).toBe(5);
  });

  it("need enough frames in common", () => {
    const { curve } = agreement(rows.slice(0, 12), rows.slice(0, 12))!;
    expect(curve.filter(Number.isFinite)).toHaveLength(15); // five of twelve frames at least: -7 .. +7
    expect(agreement([], rows)).toBeNull();
  });
});

describe("the shipped expert", () => {
  it("hears a persona in step, and by how much its sound was moved", async () => {
    const dataset = await openDataset([join(folder, "data")]);
    const expert = await SyncExpert.open();
    try {
      const clip = dataset.clips[0]!;
      const { faces, rest, mel, reference } = await new ClipCache(dataset, 0).features(clip);
      const motion = faces.map((face) => mouthMotion(face, rest));
      const score = (await expert.score(motion, mel, reference))!;
      expect(Math.abs(score.offset)).toBeLessThanOrEqual(1);
      expect(score.confidence).toBeGreaterThan(0.1);
      const bands = dataset.contract.mel.bands;
      const late = (await expert.score(motion, mel.subarray(6 * columnsPerFrame * bands), reference))!;
      expect(Math.abs(late.offset - score.offset - 6)).toBeLessThanOrEqual(1);
      expect(await expert.score(motion.slice(0, 20), mel, reference)).toBeNull();
    } finally {
      await expert.close();
      await dataset.close();
    }
  });

  it("is refused by name where a folder holds no such model", async () => {
    await expect(SyncExpert.open(folder)).rejects.toMatchObject({ code: "missing-file" });
  });
});
