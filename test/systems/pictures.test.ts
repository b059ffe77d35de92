import { expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { doubled } from "../../src/systems/parts/pictures.js";

const side = 24;

async function twice(value: (x: number, y: number) => number): Promise<Float32Array> {
  const graph = new Graph();
  graph.output("y", doubled(graph.input("x", [1, 1, side, side])));
  const session = await createSession(graph.toModel(), { threads: 1 });
  const { y } = await session.run({ x: floats(Float32Array.from({ length: side * side }, (_, i) => value((i % side) + 0.5, Math.floor(i / side) + 0.5)), [1, 1, side, side]) });
  await session.release();
  expect(y!.shape).toEqual([1, 1, 2 * side, 2 * side]);
  return y!.data as Float32Array;
}

it("doubled keeps flat pictures, to the border", async () => {
  for (const value of await twice(() => 0.7)) expect(value).toBeCloseTo(0.7, 5);
});

it("doubled finds a wave between the pixels, where the mean of two neighbours loses a quarter of it", async () => {
  const wave = (x: number, y: number): number => Math.cos((2 * Math.PI * x) / 4.4) * Math.cos((2 * Math.PI * y) / 9);
  const found = await twice(wave);
  for (let row = 12; row < 2 * side - 12; row++) {
    for (let column = 12; column < 2 * side - 12; column++) {
      expect(Math.abs(found[row * 2 * side + column]! - wave((column + 0.5) / 2, (row + 0.5) / 2))).toBeLessThan(0.06);
    }
  }
});
