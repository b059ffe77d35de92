/** What operators compute, on numbers small enough to check by hand. */
import { expect, test } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { elu, erf, gelu, hardSigmoid, hardSwish, prelu, selu, softsign } from "../../src/graph/ops/activation.js";
import { add, clip, maximum, minimum, mul, reciprocal, sign, slopeMask } from "../../src/graph/ops/arithmetic.js";
import { padEdge, padReflect } from "../../src/graph/ops/border.js";
import { and, cast, ceil, equal, floor, greater, less, not, or, round, where } from "../../src/graph/ops/compare.js";
import { gather, scatterAdd } from "../../src/graph/ops/gather.js";
import { gridSample } from "../../src/graph/ops/grid-sample.js";
import { expand, flip, pad, reshape, slice, tile } from "../../src/graph/ops/layout.js";
import { pixelShuffle, pixelUnshuffle } from "../../src/graph/ops/pixel-shuffle.js";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "../../src/graph/ops/pool.js";
import { argMax, cumSum, l1Norm, l2Norm, logSoftmax, max, mean, min, sum } from "../../src/graph/ops/reduce.js";
import { repeatEach, resizeBilinear, resizeBilinearTo, resizeNearest } from "../../src/graph/ops/resize.js";
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
  ["ceil", (x) => ceil(x), [-1, 0, 1, 2]],
  ["round: halves up", (x) => round(x), [-1, 0, 1, 2]],
  ["sign", (x) => sign(x), [-1, 0, 1, 1]],
  ["and", (x) => and(greater(x, -1), less(x, 1)), [0, 1, 1, 0]],
  ["or", (x) => or(less(x, -1), greater(x, 1)), [1, 0, 0, 1]],
  ["prelu", (x, g) => prelu(x, g.constant([0.5], [1])), [-0.75, 0, 0.5, 2]],
  ["tile", (x) => tile(x, [2]), [...line, ...line]],
  ["cumSum", (x) => cumSum(x, 0), [-1.5, -1.5, -1, 1]],
  ["cumSum from the end", (x) => cumSum(x, 0, true), [1, 2.5, 2.5, 2]],
  ["argMax: the first of equals", (x) => argMax(maximum(x, 0.5), 0), [3]],
  ["argMax at a tie", (x) => argMax(minimum(x, 0), 0), [1]],
  ["l1Norm", (x) => l1Norm(x), [4]],
  ["l2Norm", (x) => l2Norm(reshape(mul(x, 2), [2, 2]), { axes: [0] }), [3.1622776985168457, 4]],
  ["padReflect", (x) => padReflect(x, [[2, 3]]), [0.5, 0, -1.5, 0, 0.5, 2, 0.5, 0, -1.5]],
  ["padEdge", (x) => padEdge(x, [[1, 2]]), [-1.5, -1.5, 0, 0.5, 2, 2, 2]],
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
  ["averagePool, padded", (x) => averagePool(x, 2, 2, 1), [0.25, 0.5, 0.75, 1]],
  ["maxPool, padded: the border never wins", (x) => maxPool(mul(x, -1), 3, 2, 1), [-1]],
  ["globalAveragePool", (x) => globalAveragePool(x), [2.5]],
  ["globalMaxPool", (x) => globalMaxPool(x), [4]],
  ["pixelShuffle", (x) => pixelShuffle(reshape(x, [1, 4, 1, 1]), 2), [1, 2, 3, 4]],
  ["pixelUnshuffle", (x) => slice(pixelUnshuffle(x, 2), 1, 1, 3), [2, 3]],
  ["resizeBilinearTo, wider", (x) => slice(resizeBilinearTo(x, [2, 3]), 2, 0, 1), [1, 1.5, 2]],
  ["resizeBilinearTo, one pixel", (x) => resizeBilinearTo(x, [1, 1]), [2.5]],
  ["resizeNearest", (x) => resizeNearest(x, 2), [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]],
  ["repeatEach", (x) => repeatEach(x, [1, 3]), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]],
  ["resizeBilinear, half-pixel", (x) => slice(resizeBilinear(x, 2), 2, 0, 1), [1, 1.25, 1.75, 2]],
  ["gridSample at a centre, between, outside", (x, g) => gridSample(x, g.constant([-0.5, -0.5, 0, 0, 2, 0], [1, 1, 3, 2]), { padding: "zeros" }), [1, 2.5, 0]],
  ["gridSample, border", (x, g) => gridSample(x, g.constant([2, 0], [1, 1, 1, 2]), { padding: "border" }), [3]],
])("pictures: %s", async (_, build, expected) => {
  expect(await compute([1, 2, 3, 4], [1, 1, 2, 2], build)).toEqual(expected);
});

const root = Math.SQRT1_2;
test.each<[string, (x: Value) => Value, (x: number) => number]>([
  ["elu", (x) => elu(x, 0.5), (x) => (x > 0 ? x : 0.5 * Math.expm1(x))],
  ["selu", selu, (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
  ["erf", (x) => erf(mul(x, root)), (x) => 2 * normalCdf(x) - 1],
  ["gelu", gelu, (x) => x * normalCdf(x)],
  ["hardSigmoid", (x) => hardSigmoid(x), (x) => Math.min(1, Math.max(0, x / 6 + 0.5))],
  ["hardSwish", (x) => hardSwish(mul(x, 2)), (x) => 2 * x * Math.min(1, Math.max(0, x / 3 + 0.5))],
  ["softsign", softsign, (x) => x / (1 + Math.abs(x))],
  ["reciprocal", (x) => reciprocal(add(x, 2)), (x) => 1 / (x + 2)],
])("functions: %s", async (_, build, expected) => {
  const got = await compute(line, [4], build);
  line.forEach((x, i) => expect(got[i]).toBeCloseTo(expected(x), 5));
});

test("logSoftmax is exact where softmax is 0", async () => {
  const got = await compute([0, 1000, 999, -1000], [4], (x) => logSoftmax(x, 0));
  const rest = -Math.log1p(Math.exp(-1));
  [-1000 + rest, rest, -1 + rest, -2000 + rest].forEach((x, i) => expect(got[i]).toBeCloseTo(x, 3));
});

test("the gradient of the length of a zero vector is zero", async () => {
  expect(await compute([0, 0, 0, 0], [4], (x) => gradient(l2Norm(x), [x])[0]!)).toEqual([0, 0, 0, 0]);
});

/** Φ(x) by the midpoint rule. */
function normalCdf(x: number): number {
  const n = 20000;
  const from = -9;
  const width = (x - from) / n;
  return Array.from({ length: n }, (_, i) => Math.exp(-((from + (i + 0.5) * width) ** 2) / 2)).reduce((a, b) => a + b, 0) * (width / Math.sqrt(2 * Math.PI));
}
