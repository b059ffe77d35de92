/** Landmark distance, mouth series, correlation and intervals. Known values: numpy 1.24, commands beside them. */
import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { neutralState, type FaceState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { bootstrapDifference, bootstrapMean } from "../../src/metrics/bootstrap.js";
import { pearson } from "../../src/metrics/correlation.js";
import { mouthDistance, mouthDistanceShare, rangeDistance } from "../../src/metrics/landmarks.js";
import { mouthSeries } from "../../src/metrics/lips.js";

// k = np.arange(136).reshape(68, 2); a = (37*k) % 101; b = a + (53*k) % 11
const face = Float32Array.from({ length: 136 }, (_, k) => (37 * k) % 101);
const other = face.map((value, k) => value + ((53 * k) % 11));

describe("mouth landmark distance", () => {
  it("gives the known value", () => {
    // p, q = a[48:] - a[48:].mean(0), b[48:] - b[48:].mean(0); np.linalg.norm(p - q, axis=1).mean(), over np.linalg.norm(a[45] - a[36])
    expect(mouthDistance(face, other)).toBeCloseTo(4.032343629, 5);
    expect(mouthDistanceShare(face, other)).toBeCloseTo(0.0554880485, 6);
  });

  it("does not see a shifted mouth, nor what moves elsewhere", () => {
    const moved = face.map((value, k) => (k < 96 ? value * 2 : value + (k % 2 === 0 ? 5 : -3)));
    expect(mouthDistance(face, moved)).toBeCloseTo(0, 6);
    expect(rangeDistance(face, moved, [0, 17])).toBeGreaterThan(5);
    expect(mouthDistance(face, face.map((value, k) => (k === 2 * 57 + 1 ? value + 20 : value)))).toBeCloseTo((20 * (0.95 + 19 * 0.05)) / 20, 4);
  });
});

describe("mouth series", () => {
  const persona = createPersona(5);
  const mesh = (state: Partial<FaceState>): Float32Array => {
    const points = new Float32Array(478 * 3);
    points.set(renderPersona(persona, { ...neutralState, ...state }, 64).mesh);
    return points;
  };
  const turns = [{}, { yaw: 0.3 }, { yaw: -0.3 }, { pitch: 0.2 }, { pitch: -0.2 }, { roll: 0.3 }, { yaw: 0.2, pitch: 0.15, roll: -0.2, shift: [1, -1, 2] }] as const;

  it("follows the mouth and not the head", () => {
    const openings = [0, 0.5, 1, 0.25, 0.75, 0.1, 0.9];
    const talking = mouthSeries(openings.map((mouthOpen, t) => mesh({ mouthOpen, ...turns[t] })));
    expect(pearson(talking.lips, openings)).toBeGreaterThan(0.98);
    expect(pearson(talking.chin, openings)).toBeGreaterThan(0.85);
    const turning = mouthSeries(turns.map((state) => mesh(state)));
    const range = (values: Float32Array): number => Math.max(...values) - Math.min(...values);
    expect(range(turning.lips)).toBeLessThan(0.15 * range(talking.lips));
    // Perspective, which the fit leaves out, brings a nodded chin nearer.
    expect(range(turning.chin)).toBeLessThan(0.5 * range(talking.chin));
  });

  it("is free of the picture's scale", () => {
    const small = mouthSeries([mesh({ mouthOpen: 0.4 })]);
    const large = mouthSeries([mesh({ mouthOpen: 0.4 }).map((value) => value * 3)]);
    expect(large.lips[0]).toBeCloseTo(small.lips[0]!, 5);
    expect(large.chin[0]).toBeCloseTo(small.chin[0]!, 5);
    expect(small.lips[0]).toBeGreaterThan(0.1);
    expect(small.chin[0]).toBeGreaterThan(0.6);
    expect(() => mouthSeries([])).toThrow(/no frames/);
  });
});

describe("pearson", () => {
  it("gives the known value", () => {
    // i = np.arange(12); p = (7*i) % 5; q = (3*i) % 7 + 0.5*p; np.corrcoef(p, q)
    const p = Array.from({ length: 12 }, (_, i) => (7 * i) % 5);
    const q = p.map((value, i) => ((3 * i) % 7) + 0.5 * value);
    expect(pearson(p, q)).toBeCloseTo(0.712068994916, 10);
    expect(pearson(p, p.map((value) => -3 * value + 100))).toBeCloseTo(-1, 12);
  });

  it("is zero where nothing moves", () => {
    const still = new Float32Array(50).fill(0.217);
    expect(pearson(still, still.map((_, i) => i))).toBe(0);
    expect(pearson([], [])).toBe(0);
  });
});

describe("bootstrap", () => {
  it("covers the mean as the normal theory says, the same each time", () => {
    const random = new Random(3);
    const values = Array.from({ length: 400 }, () => 2 + random.normal());
    const interval = bootstrapMean(values, { seed: 1 });
    expect(bootstrapMean(values, { seed: 1 })).toEqual(interval);
    expect(interval.count).toBe(400);
    expect(interval.mean).toBeCloseTo(values.reduce((a, b) => a + b) / 400, 12);
    expect(interval.high - interval.low).toBeGreaterThan(0.9 * 2 * 1.96 * 0.05);
    expect(interval.high - interval.low).toBeLessThan(1.1 * 2 * 1.96 * 0.05);
    expect(interval.low).toBeLessThan(interval.mean);
    expect(interval.high).toBeGreaterThan(interval.mean);
  });

  it("compares pair by pair", () => {
    const spread = [1, 5, 9, 20, 30];
    expect(bootstrapDifference(spread.map((value) => value + 1), spread)).toEqual({ mean: 1, low: 1, high: 1, count: 5 });
    expect(bootstrapMean([Infinity, Infinity])).toEqual({ mean: Infinity, low: Infinity, high: Infinity, count: 2 });
    expect(() => bootstrapDifference([1], [])).toThrow(/1 and 0/);
    expect(() => bootstrapMean([])).toThrow(/no values/);
  });
});
