/** The quality bench on personas: its scoring with generators whose answer is known, and an untrained model as generator. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseClips, foreignClips, thinClips, type QualityClip } from "../../bench/quality/clips.js";
import type { FaceCrop, SelfDrive } from "../../bench/quality/drive.js";
import { measureClip, type Judges } from "../../bench/quality/measure.js";
import { openModelDrive } from "../../bench/quality/model-drive.js";
import { fitLength, viewPlaces } from "../../src/eval/driving.js";
import { figuresOf, jsonOf, summarise, tableOf } from "../../bench/quality/report.js";
import { run } from "../../bench/quality.js";
import { dataContract } from "../../src/base/contract.js";
import { Dataset, type ClipEntry } from "../../src/data/dataset.js";
import { createFaceAnalyzer } from "../../src/face/analyzer.js";
import { createExpressionNet } from "../../src/face/expression.js";
import { createIdentityNet } from "../../src/face/identity.js";
import type { Image } from "../../src/media/image.js";
import { createPersona } from "../../src/media/persona/model.js";
import { performance as act } from "../../src/media/persona/performance.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { writeUntrainedModel } from "../support/untrained-model.js";

const frames = 40;

/** A talking persona; its pictures are drawn once. */
function personaClip(seed: number, size: number, count = frames): QualityClip {
  const { states, speech } = act(seed, count / 25, "neutral");
  let crops: readonly FaceCrop[] | null = null;
  const clip: QualityClip = {
    id: `personas/${seed}`,
    person: `persona-${seed}`,
    readSpeech: async () => speech,
    readMeshes: async () => (await clip.read()).crops.map(({ mesh }) => mesh),
    async read() {
      const persona = createPersona(seed);
      crops ??= states.map((state) => {
        const { image, mesh } = renderPersona(persona, state, size);
        const points = new Float32Array(478 * 3);
        points.set(mesh);
        return { image, mesh: points };
      });
      return { crops, speech };
    },
  };
  return clip;
}

/** Means of four neighbours in a row, `more` levels brighter. */
function soften({ data }: Image, more: number): Uint8Array {
  return data.map((_, i) => Math.min(255, more + (data[i]! + (data[i + 3] ?? 0) + (data[i + 6] ?? 0) + (data[i + 9] ?? 0)) / 4));
}

const clips = [personaClip(2, 128), personaClip(5, 128), personaClip(18, 128, 25)];
const [clip] = clips as [QualityClip];
let judges: Judges;
beforeAll(async () => {
  judges = { analyzer: await createFaceAnalyzer(), identity: await createIdentityNet(), expression: await createExpressionNet() };
});

describe("the quality bench", () => {
  it("gives real frames the best of all scores and a held picture none for movement", async () => {
    const speeches: Float32Array[] = [];
    const copy: SelfDrive = async ({ guide, speech }) => {
      speeches.push(speech);
      return guide.map(({ image }) => image);
    };
    const { result, frames: made } = await measureClip(clip, clips, copy, judges);
    expect(result.frames).toBe(frames);
    expect(result.found).toBe(1);
    expect(result.model).toMatchObject({ psnr: Infinity, mouth: 0, mouthShare: 0, found: 1, mouthSharpness: 1, faceSharpness: 1 });
    for (const value of [result.model.eyes, result.model.brows, result.model.flicker as number, result.model.lips, result.model.chin, result.model.ssim, result.model.id as number]) expect(value).toBeCloseTo(1, 5);
    expect(result.still).toMatchObject({ lips: 0, chin: 0, eyes: 0, brows: 0, found: 1 });
    expect(result.still.psnr).toBeGreaterThan(10);
    expect(result.still.psnr).toBeLessThan(45);
    expect(result.still.ssim).toBeLessThan(0.999);
    expect(result.still.mouth).toBeGreaterThan(0.3);
    expect(result.still.mouthShare).toBeLessThan(result.still.mouth as number);
    expect(result.still.id).toBeGreaterThan(0.6);
    // Its own speech first, then that of the two others, fitted: one of them is shorter than the clip and starts again.
    expect(speeches.map(({ length }) => length)).toEqual([640 * frames, 640 * frames, 640 * frames, 640 * frames]);
    expect(speeches[0]).toEqual(await clip.readSpeech());
    expect(result.foreigns.map(({ speechOf }) => speechOf).sort()).toEqual(["personas/18", "personas/5"]);
    expect(made.real.length).toBe(frames);

    // The guide's own pictures: its movement and expression in full, and its identity in place of the target's.
    expect(result.cross).toMatchObject({ targetOf: result.foreigns[0]!.speechOf });
    for (const value of [result.cross.lips, result.cross.eyes, result.cross.brows, result.cross.expression as number]) expect(value).toBeCloseTo(1, 5);
    // By chance: the third person's expressions, which are others.
    expect(result.cross.expressionChance).toBeLessThan((result.cross.expression as number) - 0.001);
    expect((await measureClip(clip, clips.slice(0, 2), copy, judges)).result.cross.expressionChance).toBeNull();
    expect(result.cross.id).toBeCloseTo(result.cross.idOther as number, 5);
    expect(result.cross.idReal).toBeGreaterThan((result.cross.id as number) + 0.1);

    const summary = summarise([result, result]);
    expect(figuresOf(summary)).toMatchObject({
      ...{ cross_lips: "1.000", cross_expression: "1.000", id_real: (result.cross.idReal as number).toFixed(3) },
      ...{ lips: "1.000", lips_shuffled: "1.000", guide_lips: "1.000", foreign_own: (result.foreign.speaker as number).toFixed(3), chin: "1.000", eyes: "1.000", brows: "1.000", mouth_lmd: "0.000", mouth_lmd_still: (result.still.mouth as number).toFixed(3) },
      ...{ psnr: "Infinity", psnr_still: result.still.psnr.toFixed(2), ssim: "1.0000", ssim_still: result.still.ssim.toFixed(4), id: "1.000" },
      ...{ mouth_sharpness: "1.000", face_sharpness: "1.000", flicker: (result.model.flicker as number).toFixed(3) },
    });
    expect(tableOf(summary)).toMatch(/lip opening, r with the guide +1\.000 \[1\.000, 1\.000\] +1\.000 \[1\.000, 1\.000\] +0\.000 \[0\.000, 0\.000\] +1\.000\n/);
    expect(JSON.parse(jsonOf(summary))).toMatchObject({ clips: 2, people: 1, means: { model: { psnr: { mean: "Infinity" } }, foreign: { psnr: null } } });
  });

  it("sees a mouth that follows the wrong speech", async () => {
    // Pictures of the clip in the right order for its own speech, half a clip late for any other.
    const own = await clip.readSpeech();
    const follow: SelfDrive = async ({ guide, speech }) => {
      const late = speech.every((value, i) => value === own[i]) ? 0 : frames / 2;
      return guide.map((_, t) => (guide[(t + late) % frames] as FaceCrop).image);
    };
    const { result } = await measureClip(clip, clips, follow, judges);
    expect(result.model.lips).toBeCloseTo(1, 5);
    expect(result.foreign.lips).toBeLessThan(0.5);
    expect(result.foreign.mouth).toBeGreaterThan(0.3);
    const { gains } = summarise([result]);
    expect(gains.lipsOverForeign?.mean).toBeCloseTo(1 - result.foreign.lips, 5);
    expect(gains.mouthOverStill?.mean).toBeCloseTo(result.still.mouth as number, 5);
  });

  it("knows a mouth that follows the foreign speaker", async () => {
    // Whoever's speech it is, that speaker's own pictures: in step with the speaker, out of step with the guide.
    const follow: SelfDrive = async ({ speech }) => {
      for (const other of clips) {
        const { crops, speech: theirs } = await other.read();
        if (speech.every((value, i) => value === theirs[i % theirs.length])) return Array.from({ length: frames }, (_, t) => crops[t % crops.length]!.image);
      }
      throw new Error("speech of nobody");
    };
    const { result } = await measureClip(clip, clips, follow, judges);
    expect(result.foreign.speaker).toBeGreaterThan(0.9);
    expect(result.foreign.lips).toBeLessThan(0.6);
  });

  it("sees blur, and pictures that flicker where the real ones stand still", async () => {
    const blurred: SelfDrive = async ({ guide }) => guide.map(({ image }, t) => ({ ...image, data: soften(image, t % 2 === 0 ? 0 : 12) }));
    const { result } = await measureClip(clip, clips, blurred, judges);
    expect(result.model.mouthSharpness).toBeLessThan(0.8);
    expect(result.model.faceSharpness).toBeLessThan(0.8);
    expect(result.model.flicker).toBeGreaterThan(3);
  });

  it("says so where no face is left", async () => {
    const grey: Image = { data: new Uint8Array(128 * 128 * 3).fill(110), width: 128, height: 128 };
    const { result } = await measureClip(clip, clips, async ({ frames: count }) => Array.from({ length: count }, () => grey), judges);
    expect(result.model).toMatchObject({ lips: 0, chin: 0, mouth: null, mouthShare: null, id: null, found: 0 });
    const nothing = summarise([result]);
    expect(figuresOf(nothing)).toMatchObject({ mouth_lmd: "none", id: "none", lips: "0.000" });
    expect(tableOf(nothing)).toMatch(/identity cosine +- +-/);
    await expect(measureClip(clip, clips, async () => [grey], judges)).rejects.toThrow(/1 frames were made, expected 40/);
  });
});

describe("the clips of the bench", () => {
  const entry = (change: Partial<ClipEntry>): ClipEntry => ({
    ...{ id: "val/a", dataset: "val", key: "a", shard: "val-000000.tar", frames: 63, person: "p", split: "val", labels: {}, silent: false, members: {} },
    sync: { offsetFrames: -2, confidence: 0.9, correlation: 0.4, corrected: true, method: "ridge" },
    source: { path: "a.mp4", startFrame: 0, width: 9, height: 9 },
    ...change,
  });

  it("are val clips, long enough and in step", () => {
    const unclear = entry({}).sync;
    const entries = [
      entry({ id: "val/good" }),
      entry({ split: "train" }),
      entry({ frames: 62 }),
      entry({ silent: true }),
      entry({ sync: { ...unclear, confidence: 0.5, corrected: false } }),
      entry({ labels: { sync: "unconfirmed" } }),
      entry({ id: "val/long", frames: 400, labels: { sync: "confirmed" } }),
      entry({ id: "val/invented", person: "persona-015" }),
    ];
    const { clips: chosen, skipped } = chooseClips(new Dataset(dataContract(128), entries));
    expect(chosen.map(({ id }) => id)).toEqual(["val/good", "val/long"]);
    expect(skipped).toEqual({ short: 1, silent: 1, "sound not surely in step": 2, "of personas": 1 });
    // Where there is nobody else, they are scored.
    expect(chooseClips(new Dataset(dataContract(128), entries.slice(-1))).clips.map(({ id }) => id)).toEqual(["val/invented"]);
  });

  it("are spread when few are wanted, and driven by others", () => {
    expect(thinClips([0, 1, 2, 3, 4, 5, 6], 3)).toEqual([0, 2, 4]);
    expect(thinClips([0, 1], Infinity)).toEqual([0, 1]);
    expect(viewPlaces(100)).toEqual([0, 25, 50, 75]);
    expect(viewPlaces(2)).toEqual([0, 1]);
    expect([...fitLength(Float32Array.of(1, 2, 3), 7)]).toEqual([1, 2, 3, 1, 2, 3, 1]);
    expect([...fitLength(Float32Array.of(1, 2, 3), 2)]).toEqual([1, 2]);
    const many = Array.from({ length: 9 }, (_, i) => ({ ...clip, id: `c${i}`, person: `p${i % 5}` }));
    const others = foreignClips(many[0] as QualityClip, many, 3);
    expect(new Set(others.map(({ person }) => person)).size).toBe(3);
    expect(others.map(({ person }) => person)).not.toContain("p0");
    expect(foreignClips(many[0] as QualityClip, many, 3)).toEqual(others);
    expect(() => foreignClips(clip, [clip], 3)).toThrow(/nobody else's speech/);
  });

  it("must be given", async () => {
    await expect(run(["--data", "nowhere", "--model", "no-model"])).rejects.toThrow(/no-model/);
    await expect(run(["--data", "nowhere", "--limit", "0"])).rejects.toThrow(/--limit 0: expected a whole number/);
    await expect(run(["--dada", "nowhere"])).rejects.toThrow(/--dada/);
  });
});

describe("a model as generator", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "talkface-quality-"));
    await writeUntrainedModel(folder, "tiny");
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("draws as many frames as the speech has, the same each time", async () => {
    const model = await openModelDrive(folder);
    const small = personaClip(5, model.size, 23);
    const { crops, speech } = await small.read();
    const input = { views: [crops[0] as FaceCrop, crops[9] as FaceCrop, crops[18] as FaceCrop], guide: crops, frames: 23 };
    const made = await model.drive({ ...input, speech });
    expect(made.length).toBe(23);
    for (const { width, height, data } of made) expect([width, height, data.length]).toEqual([model.size, model.size, model.size ** 2 * 3]);
    expect((await model.drive({ ...input, speech }))[22]?.data).toEqual(made[22]?.data);
    expect(made[0]?.data).not.toEqual(made[22]?.data);
    await model.close();
  });
});
