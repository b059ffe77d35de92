/** What operators compute, on numbers small enough to check by hand. */
import { expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { add, clip, maximum, minimum, mul, slopeMask } from "../../src/graph/ops/arithmetic.js";
import { cast, equal, floor, greater, less, not, where } from "../../src/graph/ops/compare.js";
import { gather, scatterAdd } from "../../src/graph/ops/gather.js";
import { gridSample } from "../../src/graph/ops/grid-sample.js";
import { expand, flip, pad, reshape, slice } from "../../src/graph/ops/layout.js";
import { averagePool, maxPool } from "../../src/graph/ops/pool.js";
import { max, mean, min, sum } from "../../src/graph/ops/reduce.js";
import { repeatEach, resizeBilinear, resizeNearest } from "../../src/graph/ops/resize.js";
import type { Value } from "../../src/graph/value.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";

async function compute(numbers: readonly number[], shape: readonly number[], build: (x: Value, graph: Graph) => Value): Promise<number[]> {
  const graph = new Graph();
  graph.output("y", cast(build(graph.input("x", shape), graph), "float32"));
  const session = await createSession(graph.toModel(), { threads: 1 });
  const { y } = await session.run({ x: floats(Float32Array.from(numbers), shape) });
  await session.release();
  return Array.from(y!.data, Number);
}

const line = [-1.5, 0, 0.5, 2];

test.each<[string, (x: Value, graph: Graph) => Value, number[]]>([
  ["greater", (x) => greater(x, 0), [0, 0, 1, 1]],
  ["less", (x) => less(x, 0.5), [1, 1, 0, 0]],
  ["equal", (x) => equal(x, 0), [0, 1, 0, 0]],
  ["not", (x) => not(greater(x, 0)), [1, 1, 0, 0]],
  ["where of numbers", (x) => where(less(x, 0), 3, 4), [3, 4, 4, 4]],
  ["floor", (x) => floor(x), [-2, 0, 0, 2]],
  ["clip", (x) => clip(x, -1, 1), [-1, 0, 0.5, 1]],
  ["maximum", (x) => maximum(0.25, x), [0.25, 0.25, 0.5, 2]],
  ["minimum", (x) => minimum(x, 0.25), [-1.5, 0, 0.25, 0.25]],
  ["slopeMask of abs", (x) => slopeMask(x, -1, 1), [-1, 0, 1, 1]],
  ["slopeMask of a leaky ReLU", (x) => slopeMask(x, 0.25, 1), [0.25, 0.25, 1, 1]],
  ["slice from the back", (x) => slice(x, 0, -2, 100), [0.5, 2]],
  ["slice backwards", (x) => slice(x, 0, 2, -Infinity, -2), [0.5, -1.5]],
  ["flip", (x) => flip(x, -1), [2, 0.5, 0, -1.5]],
  ["pad", (x) => pad(x, [[1, 2]], 7), [7, -1.5, 0, 0.5, 2, 7, 7]],
  ["gather", (x) => gather(x, [3, 0, 0], 0), [2, -1.5, -1.5]],
  ["scatterAdd", (x, g) => scatterAdd(x, g.constant([1, 1], [2], "int64"), g.constant([10, 5], [2]), 0), [-1.5, 15, 0.5, 2]],
  ["sums over expansions", (x) => sum(expand(reshape(x, [4, 1]), [3, 4, 2]), { axes: [0, 2] }), [-9, 0, 3, 12]],
  ["arithmetic of expansions", (x) => add(expand(reshape(x, [4, 1]), [4, 2]), mul(expand(reshape(x, [4, 1]), [4, 2]), 2)), [-4.5, -4.5, 0, 0, 1.5, 1.5, 6, 6]],
  ["reductions", (x) => add(add(max(x), min(x)), mean(x)), [0.75]],
])("%s", async (_, build, expected) => {
  expect(await compute(line, [4], build)).toEqual(expected);
});

test.each<[string, (x: Value, graph: Graph) => Value, number[]]>([
  ["averagePool", (x) => averagePool(x, 2), [2.5]],
  ["maxPool", (x) => maxPool(x, 2), [4]],
  ["resizeNearest", (x) => resizeNearest(x, 2), [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]],
  ["repeatEach", (x) => repeatEach(x, [1, 3]), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]],
  ["resizeBilinear, half-pixel", (x) => slice(resizeBilinear(x, 2), 2, 0, 1), [1, 1.25, 1.75, 2]],
  ["gridSample at a centre, between, outside", (x, g) => gridSample(x, g.constant([-0.5, -0.5, 0, 0, 2, 0], [1, 1, 3, 2]), { padding: "zeros" }), [1, 2.5, 0]],
  ["gridSample, border", (x, g) => gridSample(x, g.constant([2, 0], [1, 1, 1, 2]), { padding: "border" }), [3]],
])("pictures: %s", async (_, build, expected) => {
  expect(await compute([1, 2, 3, 4], [1, 1, 2, 2], build)).toEqual(expected);
});
