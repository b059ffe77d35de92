/** The curve over identity pictures, with a generator whose answer is known. */
import { beforeAll, describe, expect, it } from "vitest";
import { measureCurve, picturePlaces, type Curve } from "../../bench/identity-images/curve.js";
import { linesOf, run } from "../../bench/identity-images.js";
import type { QualityClip } from "../../bench/quality/clips.js";
import type { FaceCrop } from "../../bench/quality/drive.js";
import { createFaceAnalyzer } from "../../src/face/analyzer.js";
import { createIdentityNet } from "../../src/face/identity.js";
import { createPersona } from "../../src/media/persona/model.js";
import { performance as act } from "../../src/media/persona/performance.js";
import { renderPersona } from "../../src/media/persona/render.js";

const frames = 40;
let crops: FaceCrop[];
let speech: Float32Array;

beforeAll(() => {
  const played = act(2, frames / 25, "neutral");
  const persona = createPersona(2);
  speech = played.speech;
  crops = played.states.map((state) => {
    const { image, mesh } = renderPersona(persona, state, 128);
    const points = new Float32Array(478 * 3);
    points.set(mesh);
    return { image, mesh: points };
  });
});

describe("the curve over identity pictures", () => {
  it("shows more and more of one half of a clip, and drives the other", async () => {
    const clip: QualityClip = { id: "personas/2", person: "persona-2", read: async () => ({ crops, speech }), readSpeech: async () => speech, readMeshes: async () => [] };
    const judges = { analyzer: await createFaceAnalyzer(), identity: await createIdentityNet() };
    const shown: number[][] = [];
    // Brighter than the truth by 32 levels over the number of pictures.
    const curve = await measureCurve(clip, async ({ views, guide, speech: own, frames: count }) => {
      shown.push(views.map((view) => crops.indexOf(view)));
      expect(guide).toEqual(crops.slice(20));
      expect([count, own.length, own[0]]).toEqual([20, 20 * 640, speech[20 * 640]]);
      return guide.map(({ image }) => ({ ...image, data: image.data.map((value) => Math.min(255, value + 32 / views.length)) }));
    }, (pictures) => pictures, judges);
    expect(shown.map(({ length }) => length)).toEqual([1, 2, 4, 8]);
    for (const places of shown) {
      expect(places).toEqual(picturePlaces(frames).slice(0, places.length));
      expect(Math.max(...places)).toBeLessThan(20);
    }
    expect(shown[2]!.toSorted((a, b) => a - b)).toEqual([0, 5, 10, 15]);
    expect(curve[1].psnr).toBeCloseTo(20 * Math.log10(255 / 32), 0);
    expect(curve[2].psnr).toBeCloseTo(20 * Math.log10(255 / 16), 0);
    for (const [fewer, more] of [[1, 2], [2, 4], [4, 8]] as const) expect(curve[more].psnr).toBeGreaterThan(curve[fewer].psnr + 4);
    expect(curve[8].ssim).toBeGreaterThan(curve[1].ssim);
    expect(curve[8].id).toBeGreaterThan(0.98);
    expect(curve[8].lips).toBeGreaterThan(0.98);
  });

  it("is a line for each number, with intervals, and says how many a model takes", () => {
    const scores = (psnr: number, id: number | null): Curve[1] => ({ psnr, ssim: 0.5, id, lips: 0.25 });
    const curves = [10, 20].map((psnr): Curve => ({ 1: scores(psnr, null), 2: scores(psnr, 0.5), 4: scores(psnr, 0.5), 8: scores(psnr + 1, 0.5) }));
    const lines = linesOf(curves, 4).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^2 people; mean \[low, high\]/);
    expect(lines[1]).toBe("K=1 (shown: 1) psnr 15.00 [10.00, 20.00]  ssim 0.5000 [0.5000, 0.5000]  id none  lips 0.250 [0.250, 0.250]");
    expect(lines[4]).toMatch(/^K=8 \(shown: 4\) psnr 16\.00 /);
  });

  it("must be asked for properly", async () => {
    await expect(run(["--data", "nowhere", "--limit", "x"])).rejects.toThrow(/--limit x/);
    await expect(run(["--data", "nowhere", "--model", "no-model"])).rejects.toThrow(/no-model/);
  });
});
