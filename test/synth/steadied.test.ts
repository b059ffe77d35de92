import { describe, expect, it } from "vitest";
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

/** Steadied frames, and the numbers that went with them. */
async function steady(made: readonly Image[]): Promise<Image[]> {
  async function* frames(): AsyncGenerator<{ readonly image: Image; readonly t: number }> {
    for (const [t, image] of made.entries()) yield { image, t };
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
    expect((await steady([one, two])).map(({ data }) => data[0])).toEqual([101, 101]);
  });
});
