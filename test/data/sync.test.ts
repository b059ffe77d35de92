import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { estimateOffsets, type SyncSignals } from "../../src/data/sync.js";
import type { SyncClip } from "../../src/data/sync-clips.js";
import { loudnessPrediction, mouthOpening, offsetCurve, speechBands, speechFeatures, speechWidth } from "../../src/data/sync-evidence.js";
import { addClip, emptySums, predictOpening, solveRidge } from "../../src/data/sync-ridge.js";

/**
 * A mouth that opens with the bands 4..7 of smooth random speech, `offset` frames later (earlier when negative), in noise.
 * `loud`: how much of the loudness follows the same bands.
 */
function clip(random: Random, frames: number, offset: number, options: { noise?: number; loud?: number } = {}): SyncSignals {
  const { noise = 0.5, loud = 1 } = options;
  const margin = 20;
  const speech = new Float32Array(frames * speechWidth);
  const drive = smooth(random, frames + 2 * margin);
  const other = smooth(random, frames + 2 * margin);
  for (let b = 0; b < speechBands; b++) {
    const own = smooth(random, frames);
    for (let t = 0; t < frames; t++) speech[t * speechWidth + b] = 3 * (own[t]! + (b >= 4 && b < 8 ? drive[t + margin]! : other[t + margin]!)) - 5;
  }
  for (let t = 0; t < frames; t++) speech[t * speechWidth + speechBands] = loud * drive[t + margin]! + (1 - loud) * other[t + margin]!;
  const shake = smooth(random, frames);
  const opening = Float32Array.from({ length: frames }, (_, t) => 0.05 * (drive[t + margin - offset]! + noise * shake[t]!));
  return { opening, speech };
}

function smooth(random: Random, length: number): Float32Array {
  const raw = Float32Array.from({ length: length + 2 }, () => random.normal());
  return Float32Array.from({ length }, (_, t) => raw[t]! / 4 + raw[t + 1]! / 2 + raw[t + 2]! / 4);
}

const describeClip = (i: number, frames: number, more: Partial<SyncClip> = {}): SyncClip => ({
  file: `f${i}`,
  collection: `c${i}`,
  person: `p${i}`,
  isSilent: false,
  frames,
  ...more,
});

describe("offset of one clip", () => {
  it("is the time of the mouth minus the time of the sound", async () => {
    const random = new Random(1);
    for (const offset of [-6, -1, 0, 2, 7]) {
      const signals = clip(random, 150, offset);
      const [estimate] = await estimateOffsets([describeClip(0, 150)], async () => signals);
      expect(estimate).toMatchObject({ offsetFrames: offset, method: "loudness" });
      expect(estimate!.confidence).toBeGreaterThan(0.9);
      expect(estimate!.correlation).toBeGreaterThan(0.5);
    }
  });

  it("has no confidence where mouth and sound are strangers, and none in silence", async () => {
    const random = new Random(2);
    let clear = 0;
    for (let i = 0; i < 40; i++) {
      const mouth = clip(random, 100, 0);
      const sound = clip(random, 100, 0);
      const [estimate] = await estimateOffsets([describeClip(0, 100)], async () => ({ opening: mouth.opening, speech: sound.speech }));
      if (estimate!.confidence >= 0.8) clear++;
    }
    expect(clear).toBeLessThanOrEqual(8);
    const still = { opening: new Float32Array(100), speech: new Float32Array(100 * speechWidth) };
    const [none] = await estimateOffsets([describeClip(0, 100)], async () => still);
    expect(none!.confidence).toBeLessThan(0.8);
    const [silent] = await estimateOffsets([describeClip(0, 100, { isSilent: true })], async () => still);
    expect(silent).toEqual({ offsetFrames: 0, confidence: 0, correlation: 0, method: "none" });
  });

  it("survives clips of a few frames", async () => {
    for (const frames of [1, 5, 16, 26]) {
      const [estimate] = await estimateOffsets([describeClip(0, frames)], async () => clip(new Random(3), frames, 0));
      expect(Number.isFinite(estimate!.confidence)).toBe(true);
      expect(Math.abs(estimate!.offsetFrames)).toBeLessThanOrEqual(10);
    }
  });
});

describe("offsets of a run", () => {
  it("are found by the regression where the loudness alone misses them", async () => {
    const random = new Random(4);
    const truth = Array.from({ length: 40 }, (_, i) => (i % 9) - 4);
    const signals = truth.map((offset) => clip(random, 120, offset, { noise: 1, loud: 0.45 }));
    const clips = truth.map((_, i) => describeClip(i, 120));
    const alone = await Promise.all(clips.map(async (one, i) => (await estimateOffsets([one], async () => signals[i]!)).at(0)));
    const together = [...(await estimateOffsets(clips, async (i) => signals[i]!))];
    const right = (estimates: readonly { offsetFrames: number }[]): number => estimates.filter(({ offsetFrames }, i) => offsetFrames === truth[i]).length;
    expect(together.every((estimate) => estimate.method === "ridge")).toBe(true);
    expect(right(together)).toBeGreaterThan(right(alone));
    expect(right(together)).toBeGreaterThanOrEqual(38);
  });

  it("are shared by the parts of a file, and lean on the other files of its folder", async () => {
    const random = new Random(5);
    const weak = { noise: 4 };
    const parts = Array.from({ length: 6 }, () => clip(random, 80, 5, weak));
    const estimates = await estimateOffsets(parts.map((_, i) => describeClip(i, 80, { file: "f", collection: "c" })), async (i) => parts[i]!);
    expect(new Set([...estimates].map((estimate) => estimate.offsetFrames))).toEqual(new Set([5]));

    const clear = Array.from({ length: 7 }, () => clip(random, 200, -4));
    const all = [...clear, clip(random, 60, -4, { noise: 3 })];
    const inFolder = await estimateOffsets(all.map((s, i) => describeClip(i, s.opening.length, { collection: "mead" })), async (i) => all[i]!);
    expect(inFolder.at(clear.length)).toMatchObject({ offsetFrames: -4 });
  });
});

describe("regression", () => {
  it("finds the speech of the mouth's own time, the offset taken out", () => {
    const random = new Random(6);
    const sums = emptySums();
    for (let i = 0; i < 12; i++) {
      const { opening, speech } = clip(random, 150, -3, { noise: 0.3 });
      addClip(sums, opening, speech, -3, 1);
    }
    const weights = solveRidge(sums);
    const fresh = clip(random, 200, 0, { noise: 0.3 });
    const { correlation } = offsetCurve(fresh.opening, predictOpening(weights, fresh.speech));
    expect(correlation.indexOf(Math.max(...correlation)) - 10).toBe(0);
    expect(Math.max(...correlation)).toBeGreaterThan(0.8);
  });
});

describe("signals", () => {
  it("measure the outer lips in eye distances, less the median", () => {
    const landmarks = new Float32Array(3 * 136);
    [10, 10, 20].forEach((gap, t) => {
      landmarks.set([30, 50], (t * 68 + 36) * 2);
      landmarks.set([80, 50], (t * 68 + 45) * 2);
      for (const [upper, lower] of [[50, 58], [51, 57], [52, 56]] as const) {
        landmarks.set([55, 90], (t * 68 + upper) * 2);
        landmarks.set([55, 90 + gap], (t * 68 + lower) * 2);
      }
    });
    const opening = mouthOpening(landmarks, 3);
    [0, 0, 0.2].forEach((value, t) => expect(opening[t]).toBeCloseTo(value));
  });

  it("average the mel columns of a frame and follow the loudness", () => {
    const frames = 3;
    const mel = Float32Array.from({ length: frames * 4 * 80 }, (_, i) => Math.floor(i / 320) + Math.floor((i % 80) / 4) / 100);
    const samples = new Float32Array(frames * 640);
    samples.fill(0.5, 640, 1280);
    const speech = speechFeatures(mel, 80, samples, frames);
    expect(speech[speechWidth + 3]).toBeCloseTo(1.03);
    expect(speech[2 * speechWidth + speechBands]).toBeCloseTo(Math.log(0.001));
    const predicted = loudnessPrediction(speech);
    expect(predicted[1]).toBeGreaterThan(predicted[0]!);
  });
});
