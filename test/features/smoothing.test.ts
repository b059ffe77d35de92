import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { settleOverTime, smoothOverTime } from "../../src/features/smoothing.js";

const series = (length: number, value: (t: number) => number): Float32Array[] => Array.from({ length }, (_, t) => Float32Array.of(value(t), 5));
const first = (frames: readonly Float32Array[]): number[] => frames.map((frame) => frame[0]!);

describe("smoothOverTime", () => {
  it("has the weights that Savitzky and Golay print for nine points", () => {
    const pulse = first(smoothOverTime(series(21, (t) => (t === 10 ? 231 : 0)), 4)).slice(6, 15);
    expect(pulse.map(Math.round)).toEqual([-21, 14, 39, 54, 59, 54, 39, 14, -21]);
  });

  it("leaves a steady motion as it is, to the ends", () => {
    first(smoothOverTime(series(12, (t) => 3 * t - 7), 4)).forEach((value, t) => expect(value).toBeCloseTo(3 * t - 7, 4));
  });

  it("calms trembling and keeps a swing", () => {
    const random = new Random("tremble");
    const swing = (t: number): number => Math.sin((2 * Math.PI * t) / 50);
    const smooth = first(smoothOverTime(series(400, (t) => swing(t) + 0.1 * random.normal()), 4));
    const error = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value, t) => sum + (value - swing(t)) ** 2, 0) / values.length);
    expect(error(smooth)).toBeLessThan(0.06);
    expect(error(first(smoothOverTime(series(400, swing), 4)))).toBeLessThan(0.003);
  });

  it("takes series of none, one and two frames", () => {
    expect(smoothOverTime([], 4)).toEqual([]);
    expect(first(smoothOverTime(series(1, () => 2), 4))).toEqual([2]);
    expect(first(smoothOverTime(series(2, (t) => t), 4)).map((x) => Math.round(x * 1000) / 1000)).toHaveLength(2);
  });
});

describe("settleOverTime", () => {
  const nod = (t: number): number => (t < 100 ? 0 : Math.sin((2 * Math.PI * (t - 100)) / 25));
  const error = (made: readonly Float32Array[], from: number, to: number): number => Math.sqrt(first(made).slice(from, to).reduce((sum, value, i) => sum + (value - nod(from + i)) ** 2, 0) / (to - from));

  it("is as calm as the far smoothing at rest and as quick as the near one in motion", () => {
    const random = new Random("settle");
    const seen = series(200, (t) => nod(t) + 0.03 * random.normal());
    const [near, far] = [smoothOverTime(seen, 3), smoothOverTime(seen, 15)];
    const settled = settleOverTime(seen, { near: 3, far: 15, tremble: 0.05 });
    expect(error(settled, 20, 80)).toBeLessThan(0.7 * error(near, 20, 80));
    expect(error(settled, 120, 180)).toBeLessThan(0.1 * error(far, 120, 180));
  });

  it("leaves a steady motion as it is", () => {
    first(settleOverTime(series(40, (t) => 2 * t), { near: 3, far: 9, tremble: 0.1 })).forEach((value, t) => expect(value).toBeCloseTo(2 * t, 3));
  });
});
