import { expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { textureDifference } from "../../src/systems/et-gan-acw/render-phase.js";

const side = 16;
const blocks = side / 8;

type Picture = (x: number, y: number) => number;

/** Of grey pictures; `weight` by block. */
async function differenceOf(a: Picture, b: Picture, weight: readonly number[] = Array<number>(blocks * blocks).fill(1)): Promise<number> {
  const graph = new Graph();
  const shape = [1, 3, side, side];
  graph.output("y", textureDifference(graph.input("a", shape), graph.input("b", shape), graph.input("w", [1, 1, blocks, blocks])));
  const session = await createSession(graph.toModel(), { threads: 1 });
  const grey = (picture: Picture): Float32Array => Float32Array.from({ length: 3 * side * side }, (_, i) => picture(i % side, Math.floor(i / side) % side));
  const { y } = await session.run({ a: floats(grey(a), shape), b: floats(grey(b), shape), w: floats(Float32Array.from(weight), [1, 1, blocks, blocks]) });
  await session.release();
  return (y!.data as Float32Array)[0]!;
}

const stripes: Picture = (x) => x % 2;
const moved: Picture = (x) => (x + 1) % 2;
const flat: Picture = () => 0.5;

it("is nothing where lines have only moved", async () => {
  expect(await differenceOf(stripes, moved)).toBeCloseTo(0, 6);
});

it("charges for what a blur takes away, in either direction", async () => {
  // steps of one everywhere but after the last column: block means of 1 and 7/8
  const expected = (1 + 7 / 8) / 2;
  expect(await differenceOf(flat, stripes)).toBeCloseTo(expected, 5);
  expect(await differenceOf((x, y) => stripes(y, x), flat)).toBeCloseTo(expected, 5);
  expect(await differenceOf((x, y) => stripes(y, x), stripes)).toBeCloseTo(2 * expected, 5);
});

it("looks where the weight lies", async () => {
  const halfBlurred: Picture = (x, y) => (x < 8 ? stripes(x, y) : 0.5);
  expect(await differenceOf(halfBlurred, stripes, [1, 0, 1, 0])).toBeLessThan(0.1);
  expect(await differenceOf(halfBlurred, stripes, [0, 1, 0, 1])).toBeGreaterThan(0.3);
});
