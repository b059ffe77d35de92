import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import type { Image } from "../../src/media/image.js";
import { Steadier } from "../../src/synth/steadier.js";

const size = 32;
const picture = (grey: (x: number, y: number) => number, side = size): Image => ({
  width: side,
  height: side,
  data: Uint8Array.from({ length: 3 * side * side }, (_, i) => Math.round(grey(Math.floor(i / 3) % side, Math.floor(i / (3 * side))))),
});

function changes(frames: readonly Image[]): number {
  const squares = frames.slice(1).map(({ data }, t) => data.reduce((sum, value, i) => sum + (value - frames[t]!.data[i]!) ** 2, 0) / data.length);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

describe("a steadier", () => {
  it("calms what trembles without moving its mean", () => {
    const random = new Random("tremble");
    const made = Array.from({ length: 40 }, () => picture((x) => 100 + 2 * x + 1.5 * random.normal()));
    const steadier = new Steadier();
    const steady = made.map((frame) => steadier.next(frame));
    expect(steady[0]).toBe(made[0]);
    expect(changes(steady)).toBeLessThan(0.5 * changes(made));
    const mean = ({ data }: Image): number => data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(mean(steady[39]!)).toBeCloseTo(131, 0);
  });

  it("leaves what moves as it is, and takes up a step at once", () => {
    const made = Array.from({ length: 6 }, (_, t) => picture((x, y) => (x >= 4 * t && x < 4 * t + 8 && y > 8 ? 220 : 40)));
    const steadier = new Steadier();
    made.forEach((frame, t) => {
      const { data } = steadier.next(frame);
      for (let i = 0; i < data.length; i++) expect(Math.abs(data[i]! - frame.data[i]!), `frame ${t}`).toBeLessThanOrEqual(1);
    });
  });

  it("begins anew where the size changes", () => {
    const steadier = new Steadier();
    steadier.next(picture(() => 100));
    const larger = picture(() => 101, 2 * size);
    expect(steadier.next(larger)).toBe(larger);
  });
});
