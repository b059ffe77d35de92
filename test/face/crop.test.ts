import { describe, expect, it } from "vitest";
import { TalkfaceError } from "../../src/base/errors.js";
import { dataContract } from "../../src/base/contract.js";
import { canonicalMesh } from "../../src/face/canonical.js";
import { cropAffine, cropName, pointsIntoCrop, resizeCrop, smoothCrops } from "../../src/face/crop.js";
import { neutralState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { affineScale, applyAffine, composeAffine, invertAffine, type Affine } from "../../src/media/transform.js";

const size = 128;

/** The canonical face drawn head-on with y down. */
function frontal(scale: number, x: number, y: number): Float32Array {
  return canonicalMesh().map((value, i) => (i % 3 === 0 ? x + scale * value : i % 3 === 1 ? y - scale * value : -scale * value));
}

function moved(points: Float32Array, map: Affine): Float32Array {
  const scale = affineScale(map);
  const out = points.slice();
  for (let i = 0; i < out.length; i += 3) {
    const [x, y] = applyAffine(map, points[i]!, points[i + 1]!);
    out.set([x, y, points[i + 2]! * scale], i);
  }
  return out;
}

function close(a: Affine, b: Affine, digits = 3): void {
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, digits));
}

const spin = (angle: number, scale: number, x: number, y: number): Affine => [
  scale * Math.cos(angle), -scale * Math.sin(angle), x, scale * Math.sin(angle), scale * Math.cos(angle), y,
];

describe("crop of one frame", () => {
  it("bears the name of the data contract", () => {
    expect(cropName).toBe(dataContract().crop);
  });

  it("puts the eyes of a frontal face in their places", () => {
    const points = frontal(10, 300, 200);
    const inside = pointsIntoCrop(points, 3, cropAffine({ points }, size));
    const [right, left] = [33, 263].map((vertex) => [inside[3 * vertex]! / size, inside[3 * vertex + 1]! / size] as const);
    expect((right![0] + left![0]) / 2).toBeCloseTo(0.5, 4);
    expect((right![1] + left![1]) / 2).toBeCloseTo(0.38, 4);
    expect(left![0] - right![0]).toBeCloseTo(0.37, 4);
  });

  it("moves, turns and grows with the face", () => {
    const points = frontal(10, 300, 200);
    const map = spin(0.6, 1.7, -20, 35);
    close(cropAffine({ points: moved(points, map) }, size), composeAffine(map, cropAffine({ points }, size)));
  });

  it("does not zoom when the head turns, and keeps chin and forehead inside with the mouth open", () => {
    const persona = createPersona(2);
    const scales = [-0.5, 0, 0.5].map((yaw) => {
      const { mesh } = renderPersona(persona, { ...neutralState, yaw, mouthOpen: 1 }, 256);
      const crop = cropAffine({ points: mesh }, size);
      const inside = pointsIntoCrop(mesh, 3, crop);
      for (const vertex of [10, 152, 61, 291]) {
        for (const axis of [0, 1]) {
          expect(inside[3 * vertex + axis]).toBeGreaterThan(0.02 * size);
          expect(inside[3 * vertex + axis]).toBeLessThan(0.98 * size);
        }
      }
      return affineScale(crop);
    });
    expect(Math.max(...scales) / Math.min(...scales)).toBeLessThan(1.06);
  });

  it("and its inverse cancel, at any size", () => {
    const points = frontal(12, 100, 90);
    const crop = cropAffine({ points }, size);
    close(composeAffine(crop, invertAffine(crop)), [1, 0, 0, 0, 1, 0], 9);
    close(resizeCrop(crop, size, 256), cropAffine({ points }, 256), 6);
    const back = moved(pointsIntoCrop(points, 3, crop), crop);
    expect(Math.max(...back.map((value, i) => Math.abs(value - points[i]!)))).toBeLessThan(1e-3);
  });
});

describe("crops over time", () => {
  const still = spin(0.1, 2, 40, 50);

  it("leave a still head alone and fill gaps, at the ends as well", () => {
    const frames: (Affine | null)[] = [null, still, null, null, still, still, null];
    for (const affine of smoothCrops(frames)) close(affine, still, 9);
  });

  it("take jitter out and follow slow drift", () => {
    const jitter = (t: number): number => (t % 2 === 0 ? 1 : -1);
    const smoothed = smoothCrops(Array.from({ length: 200 }, (_, t) => spin(0.02 * jitter(t), 2, 0.1 * t + 3 * jitter(t), 50)));
    for (let t = 30; t < 170; t++) close(smoothed[t]!, spin(0, 2, 0.1 * t, 50), 1);
  });

  it("do not break where the angle passes a half turn", () => {
    const smoothed = smoothCrops(Array.from({ length: 40 }, (_, t) => spin(3 + 0.02 * t, 1, 0, 0)), 2);
    for (let t = 8; t < 32; t++) close(smoothed[t]!, spin(3 + 0.02 * t, 1, 0, 0));
  });

  it("need a face somewhere", () => {
    expect(() => smoothCrops([null, null])).toThrow(TalkfaceError);
    expect(() => smoothCrops([null, null])).toThrow(/no face was found in any frame/);
  });
});
