import { describe, expect, it } from "vitest";
import { defaultMel } from "../../src/base/contract.js";
import { estimateOffsets, type SyncSignals } from "../../src/data/sync.js";
import type { SyncClip } from "../../src/data/sync-clips.js";
import { speechFeatures } from "../../src/data/sync-evidence.js";
import { performance } from "../../src/media/persona/performance.js";
import { logMel } from "../../src/media/spectrogram.js";

const frames = 125;

/** A persona's act with its sound moved so that the mouth comes `offset` frames after it (before it when negative). */
function act(seed: number, offset: number): SyncSignals {
  const margin = 10;
  const { states, speech } = performance(seed, (frames + 2 * margin) / 25, "neutral");
  const opening = Float32Array.from({ length: frames }, (_, t) => 0.08 * states[t + margin]!.mouthOpen);
  const samples = speech.slice((margin + offset) * 640, (margin + offset + frames) * 640);
  return { opening, speech: speechFeatures(logMel(samples, defaultMel, 16000), defaultMel.bands, samples, frames) };
}

const clip = (i: number): SyncClip => ({ file: `f${i}`, collection: `c${i}`, person: `p${i}`, isSilent: false, frames });

describe("offsets of talking personas", () => {
  it("are found to a frame, by sign and size, and better by many than by one", async () => {
    const truth = [-8, -6, -5, -4, -3, -2, -1, 0, 0, 1, 2, 3, 4, 5, 6, 8];
    const signals = truth.map((offset, i) => act(100 + i, offset));
    const together = [...(await estimateOffsets(truth.map((_, i) => clip(i)), async (i) => signals[i]!))];
    const clear = together.map((estimate, i) => ({ ...estimate, error: estimate.offsetFrames - truth[i]! })).filter(({ confidence }) => confidence >= 0.8);
    expect(clear.length).toBeGreaterThanOrEqual(13);
    for (const { error } of clear) expect(Math.abs(error)).toBeLessThanOrEqual(1);
    let rightAlone = 0;
    for (const [i, offset] of truth.entries()) {
      const [alone] = await estimateOffsets([clip(i)], async () => signals[i]!);
      if (Math.abs(alone!.offsetFrames - offset) <= 1) rightAlone++;
    }
    const rightTogether = together.filter((estimate, i) => Math.abs(estimate.offsetFrames - truth[i]!) <= 1).length;
    expect(rightTogether).toBeGreaterThanOrEqual(rightAlone);
  });
});
