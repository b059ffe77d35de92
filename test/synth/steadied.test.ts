import { describe, expect, it } from "vitest";
import { ibug, modelPointCount } from "../../src/base/points.js";
import { Random } from "../../src/base/random.js";
import type { Image } from "../../src/media/image.js";
import { steadied } from "../../src/synth/steadied.js";

const size = 32;
const picture = (grey: (x: number, y: number) => number): Image => ({
  width: size,
  height: size,
  data: Uint8Array.from({ length: 3 * size * size }, (_, i) => Math.round(grey(Math.floor(i / 3) % size, Math.floor(i / (3 * size))))),
});

function changes(frames: readonly Image[]): number {
  const squares = frames.slice(1).map(({ data }, t) => data.reduce((sum, value, i) => sum + (value - frames[t]!.data[i]!) ** 2, 0) / data.length);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/** Steadied frames of a head that fills the picture, or is far outside of it; the mouth is where it is said, or nowhere to be seen. */
async function steady(made: readonly Image[], { head = 60, mouth = [-40, -40] }: { readonly head?: number; readonly mouth?: readonly [x: number, y: number] } = {}): Promise<Image[]> {
  const around = ([x, y]: readonly [number, number], radius: number, i: number): [number, number] => [x + radius * Math.cos(i), y + radius * Math.sin(i)];
  const isMouth = (i: number): boolean => i >= ibug.outerLips[0] && i < ibug.outerLips[1];
  const points = Float32Array.from(Array.from({ length: modelPointCount }, (_, i) => (isMouth(i) ? around(mouth, 5, i) : around(head > 0 ? [16, 16] : [-40, -40], Math.max(5, head), i))).flat());
  async function* frames(): AsyncGenerator<{ readonly image: Image; readonly points: Float32Array; readonly t: number }> {
    for (const [t, image] of made.entries()) yield { image, points, t };
  }
  const found: Image[] = [];
  for await (const { image, t } of steadied(frames())) {
    expect(t).toBe(found.length);
    found.push(image);
  }
  return found;
}

describe("steadied frames", () => {
  it("tremble less, about the same mean", async () => {
    const random = new Random("tremble");
    const made = Array.from({ length: 40 }, () => picture((x) => 100 + 2 * x + 1.5 * random.normal()));
    const found = await steady(made);
    expect(found).toHaveLength(40);
    expect(changes(found)).toBeLessThan(0.5 * changes(made));
    const mean = ({ data }: Image): number => data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(mean(found[39]!)).toBeCloseTo(131, 0);
  });

  it("are as they were where something moves", async () => {
    const made = Array.from({ length: 6 }, (_, t) => picture((x, y) => (x >= 4 * t && x < 4 * t + 8 && y > 8 ? 220 : 40)));
    const found = await steady(made);
    found.forEach(({ data }, t) => data.forEach((value, i) => expect(Math.abs(value - made[t]!.data[i]!), `frame ${t}`).toBeLessThanOrEqual(1)));
  });

  it("come neither early nor late", async () => {
    const made = Array.from({ length: 9 }, (_, t) => picture((x) => 60 + x + 2 * t));
    const found = await steady(made);
    for (let t = 1; t < 8; t++) expect(found[t]!.data).toEqual(made[t]!.data);
  });

  it("are few where few were made", async () => {
    const [one, two] = [picture(() => 100), picture(() => 102)];
    expect(await steady([])).toEqual([]);
    expect(await steady([one])).toEqual([one]);
    expect((await steady([one, two])).map(({ data }) => data[0])).toEqual([100, 102]);
  });

  it("change over softly around the head", async () => {
    const made = Array.from({ length: 40 }, (_, t) => picture(() => (t < 20 ? 60 : 180)));
    const found = await steady(made, { head: 0 });
    const steps = found.slice(1).map(({ data }, t) => data[0]! - found[t]!.data[0]!);
    expect(Math.max(...steps)).toBeLessThan(12);
    expect([found[0]!.data[0], found[39]!.data[0]]).toEqual([60, 180]);
    expect(found[20]!.data[0]! + found[19]!.data[0]!).toBe(240); // neither early nor late
    expect((await steady(made))[20]!.data[0]).toBe(180);
  });

  it("keep the mouth as it was made", async () => {
    const random = new Random("mouth");
    const made = Array.from({ length: 6 }, () => picture(() => 100 + 1.5 * random.normal()));
    const found = await steady(made, { mouth: [16, 16] });
    const at = (x: number, y: number): number[] => found.map(({ data }, t) => Math.abs(data[3 * (size * y + x)]! - made[t]!.data[3 * (size * y + x)]!));
    expect(Math.max(...at(16, 16))).toBe(0);
    expect(Math.max(...at(4, 4))).toBeGreaterThan(0);
  });
});
