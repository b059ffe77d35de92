/** The face chain takes personas for people, and measures the mouth that was drawn. */
import { beforeAll, describe, expect, it } from "vitest";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { createPersona } from "../../src/media/persona/model.js";
import { performance as act } from "../../src/media/persona/performance.js";
import { renderPersona } from "../../src/media/persona/render.js";

let analyzer: FaceAnalyzer;
beforeAll(async () => {
  analyzer = await createFaceAnalyzer();
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]): number => x.reduce((sum, v) => sum + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((v, i) => {
    ab += (v - ma) * (b[i]! - mb);
    aa += (v - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

describe("personas in the face chain", () => {
  // Different complexions, hair and expressions.
  for (const [seed, expression] of [[18, "neutral"], [4, "happy"], [22, "varied"]] as const) {
    it(`finds person ${seed} in every frame and the points where they are`, async () => {
      const persona = createPersona(seed);
      const drawnOpening: number[] = [];
      const foundOpening: number[] = [];
      const errors: number[] = [];
      for (const state of act(seed, 3, expression).states.filter((_, t) => t % 3 === 0)) {
        const { image, mesh } = renderPersona(persona, state, 256);
        const found = await analyzer.find(image, "largest");
        expect(found).not.toBeNull();
        const points = found!.points;
        const eyes = Math.hypot(mesh[3 * 33]! - mesh[3 * 263]!, mesh[3 * 33 + 1]! - mesh[3 * 263 + 1]!);
        let error = 0;
        for (let i = 0; i < 468; i++) error += Math.hypot(points[3 * i]! - mesh[3 * i]!, points[3 * i + 1]! - mesh[3 * i + 1]!) / eyes / 468;
        errors.push(error);
        drawnOpening.push((mesh[3 * 14 + 1]! - mesh[3 * 13 + 1]!) / eyes);
        foundOpening.push((points[3 * 14 + 1]! - points[3 * 13 + 1]!) / eyes);
      }
      expect(Math.max(...errors)).toBeLessThan(0.06);
      expect(correlation(drawnOpening, foundOpening)).toBeGreaterThan(0.85);
    });
  }
});
