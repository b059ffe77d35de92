import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import type { Image } from "../../src/media/image.js";
import {
  affineScale,
  applyAffine,
  composeAffine,
  identityAffine,
  invertAffine,
  similarityFit,
  warpImage,
  warpToFloat,
  type Affine,
} from "../../src/media/transform.js";

const random = new Random(3);
const someMap: Affine = [1.2, -0.4, 5, 0.3, 0.9, -2];

function noise(width: number, height: number): Image {
  return { data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)), width, height };
}

describe("affine maps", () => {
  it("compose and invert", () => {
    const other: Affine = [0.5, 0.1, 1, -0.2, 0.7, 3];
    const [x, y] = applyAffine(other, 3, 4);
    const [u, v] = applyAffine(composeAffine(someMap, other), 3, 4);
    expect([u, v]).toEqual(applyAffine(someMap, x, y).map((value) => expect.closeTo(value, 10)));
    const round = composeAffine(invertAffine(someMap), someMap);
    round.forEach((value, i) => expect(value).toBeCloseTo(identityAffine[i]!, 10));
    expect(affineScale([0, -3, 1, 3, 0, 2])).toBeCloseTo(3, 10);
    expect(() => invertAffine([1, 1, 0, 1, 1, 0])).toThrow(/no inverse/);
  });

  it("fit a similarity exactly, and in the least squares sense", () => {
    const truth: Affine = [1.5 * Math.cos(0.3), -1.5 * Math.sin(0.3), 7, 1.5 * Math.sin(0.3), 1.5 * Math.cos(0.3), -4];
    const from = Array.from({ length: 20 }, () => random.uniform(-10, 10));
    const to: number[] = [];
    for (let i = 0; i < 20; i += 2) to.push(...applyAffine(truth, from[i]!, from[i + 1]!));
    similarityFit(from, to).forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 8));
    // A point without weight does not count.
    const spoilt = [...to];
    spoilt[0] = 1e6;
    similarityFit(from, spoilt, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]).forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 8));
    const noisy = to.map((value) => value + random.normal());
    const error = (map: Affine): number => {
      let sum = 0;
      for (let i = 0; i < 20; i += 2) {
        const [x, y] = applyAffine(map, from[i]!, from[i + 1]!);
        sum += (x - noisy[i]!) ** 2 + (y - noisy[i + 1]!) ** 2;
      }
      return sum;
    };
    const [a, b, c, d, e, f] = similarityFit(from, noisy);
    for (const h of [1e-3, -1e-3]) {
      expect(error([a + h, b, c, d, e + h, f])).toBeGreaterThan(error([a, b, c, d, e, f]));
      expect(error([a, b - h, c, d + h, e, f])).toBeGreaterThan(error([a, b, c, d, e, f]));
      expect(error([a, b, c + h, d, e, f])).toBeGreaterThan(error([a, b, c, d, e, f]));
    }
    expect(() => similarityFit([1, 2, 1, 2], [1, 2, 3, 4])).toThrow(/coincide/);
  });
});

describe("warps", () => {
  it("copy under the identity and shift by whole pixels", () => {
    const image = noise(9, 7);
    expect(warpImage(image, identityAffine, 9, 7, "edge").data).toEqual(image.data);
    const shifted = warpImage(image, [1, 0, 2, 0, 1, -1], 9, 7, "black");
    for (let y = 0; y < 7; y++) {
      for (let x = 0; x < 9; x++) {
        const inside = x + 2 < 9 && y - 1 >= 0;
        expect(shifted.data[(y * 9 + x) * 3 + 1]).toBe(inside ? image.data[((y - 1) * 9 + x + 2) * 3 + 1] : 0);
      }
    }
  });

  it("keep a linear ramp linear: pixel centres are at one half", () => {
    const ramp: Image = { data: Uint8Array.from({ length: 40 * 3 * 3 }, (_, i) => 6 * (Math.floor(i / 3) % 40)), width: 40, height: 3 };
    const values = warpToFloat(ramp, [0.5, 0, 10, 0, 1, 0], 20, 3, { scale: 1, offset: 0, border: "edge" });
    for (let x = 0; x < 20; x++) expect(values[x * 3]).toBeCloseTo(6 * (0.5 * (x + 0.5) + 10 - 0.5), 4);
    const out = new Float32Array(20 * 3 * 3);
    expect(warpToFloat(ramp, identityAffine, 20, 3, { scale: 2 / 255, offset: -1, border: "edge", out })).toBe(out);
    expect(out[0]).toBeCloseTo(-1, 6);
  });

  it("average fine detail when they shrink", () => {
    const stripes: Image = { data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (Math.floor(i / 3) % 2 === 0 ? 0 : 255)), width: 64, height: 64 };
    const small = warpImage(stripes, [4, 0, 0, 0, 4, 0], 16, 16, "edge");
    for (const value of small.data) expect(Math.abs(value - 127.5)).toBeLessThan(35);
  });
});

describe("samples", () => {
  const image: Image = { width: 7, height: 5, data: Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => (i * 89) % 251) };
  /** A bilinear sample by its definition, weight by weight. */
  const sample = (x: number, y: number, k: number, border: "edge" | "black"): number => {
    let sum = 0;
    const inside = (value: number, last: number): number => (border === "edge" ? Math.min(last, Math.max(0, value)) : value);
    const [sx, sy] = [inside(x - 0.5, 6), inside(y - 0.5, 4)];
    for (let j = 0; j < 5; j++) for (let i = 0; i < 7; i++) sum += Math.max(0, 1 - Math.abs(sx - i)) * Math.max(0, 1 - Math.abs(sy - j)) * image.data[(j * 7 + i) * 3 + k]!;
    return sum;
  };

  it.each(["edge", "black"] as const)("are those of the definition, inside and over the edges (%s)", (border) => {
    const map = [0.9, -0.4, -1.3, 0.35, 0.8, -0.9] as const;
    const out = warpToFloat(image, map, 12, 9, { scale: 2, offset: -1, border });
    out.forEach((value, at) => {
      const [x, y, k] = [Math.floor(at / 3) % 12, Math.floor(at / 36), at % 3];
      expect(value).toBeCloseTo(2 * sample(...applyAffine(map, x + 0.5, y + 0.5), k, border) - 1, 3);
    });
    // twice as small: four samples a pixel
    const small = [1.9, -0.2, -1, 0.3, 1.8, -0.5] as const;
    warpImage(image, small, 5, 4, border).data.forEach((value, at) => {
      const [x, y, k] = [Math.floor(at / 3) % 5, Math.floor(at / 15), at % 3];
      const four = [0.25, 0.75].flatMap((v) => [0.25, 0.75].map((u) => sample(...applyAffine(small, x + u, y + v), k, border)));
      expect(Math.abs(value - four.reduce((sum, one) => sum + one, 0) / 4)).toBeLessThanOrEqual(0.501);
    });
  });
});
