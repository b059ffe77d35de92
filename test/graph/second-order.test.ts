/** Gradients of gradients: every rule must be made of operators that can be differentiated again. */
import { describe, test } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { elu, erf, gelu, hardSigmoid, hardSwish, leakyRelu, prelu, relu, selu, sigmoid, silu, softplus, softsign, tanh } from "../../src/graph/ops/activation.js";
import { abs, add, clip, div, exp, log, maximum, minimum, mul, pow, sqrt, square, sub } from "../../src/graph/ops/arithmetic.js";
import { padEdge, padReflect } from "../../src/graph/ops/border.js";
import { greater, where } from "../../src/graph/ops/compare.js";
import { conv, convTranspose } from "../../src/graph/ops/conv.js";
import { gather } from "../../src/graph/ops/gather.js";
import { gridSample } from "../../src/graph/ops/grid-sample.js";
import { concat, pad, slice, split, tile, transpose } from "../../src/graph/ops/layout.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { batchNormalization, instanceNormalization, layerNormalization } from "../../src/graph/ops/normalization.js";
import { pixelShuffle } from "../../src/graph/ops/pixel-shuffle.js";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "../../src/graph/ops/pool.js";
import { cumSum, l1Norm, l2Norm, logSoftmax, logSumExp, max, mean, softmax, sum } from "../../src/graph/ops/reduce.js";
import { resizeBilinear, resizeBilinearTo, resizeNearest } from "../../src/graph/ops/resize.js";
import { sizeOf } from "../../src/graph/shape.js";
import type { Value } from "../../src/graph/value.js";
import { checkGradient } from "../support/gradcheck.js";

type Case = readonly [name: string, shapes: readonly (readonly number[])[], build: (inputs: readonly Value[]) => Value];

const one = (name: string, op: (x: Value) => Value, shape: readonly number[] = [4, 6]): Case => [name, [shape], ([x]) => op(x!)];
const positive = (x: Value): Value => add(square(x), 0.5);
const image = [2, 4, 6, 6] as const;

const cases: readonly Case[] = [
  ...Object.entries({ elu, erf, gelu, hardSigmoid, hardSwish, relu, selu, sigmoid, silu, softplus, softsign, tanh, abs, exp }).map(([name, op]) => one(name, (x) => op(x))),
  one("leakyRelu", (x) => leakyRelu(x, 0.2)),
  one("log, sqrt, pow", (x) => add(log(positive(x)), mul(sqrt(positive(x)), pow(positive(x), 1.5)))),
  one("clip", (x) => clip(x, -0.7, 0.9)),
  one("where", (x) => where(greater(x, 0.1), square(x), exp(x))),
  ["div", [[4, 6], [4, 1]], ([a, b]) => div(a!, positive(b!))],
  ["maximum and minimum", [[4, 6], [4, 6]], ([a, b]) => mul(maximum(a!, b!), minimum(a!, square(b!)))],
  ["prelu", [image, [4, 1, 1]], ([x, s]) => prelu(x!, s!)],
  ["matmul", [[2, 3, 4], [4, 5]], ([a, b]) => matmul(a!, b!)],
  ["conv", [image, [6, 4, 3, 3], [6]], ([x, w, b]) => conv(x!, w!, { stride: 2, pad: 1 }, b!)],
  ["conv in groups, dilated", [image, [6, 2, 3, 3]], ([x, w]) => conv(x!, w!, { groups: 2, dilation: 2, pad: 2 })],
  ["conv of one column", [[2, 3, 9], [5, 3, 3]], ([x, w]) => conv(x!, w!, { pad: 1 })],
  ["conv over time", [[1, 2, 4, 5, 5], [3, 2, 3, 3, 3]], ([x, w]) => conv(x!, w!, { stride: [1, 2, 2], pad: 1 })],
  ["convTranspose", [image, [4, 3, 4, 4]], ([x, w]) => convTranspose(x!, w!, { stride: 2, pad: 1 })],
  ["gridSample", [[1, 2, 5, 5], [1, 4, 4, 2]], ([x, g]) => gridSample(x!, mul(tanh(g!), 0.8), { padding: "border" })],
  one("averagePool", (x) => averagePool(x, 2), image),
  one("averagePool, overlapping", (x) => averagePool(x, 3, 2, 1), image),
  one("maxPool", (x) => maxPool(x, 2), image),
  one("maxPool, overlapping", (x) => maxPool(x, 3, 2, 1), image),
  one("global pools", (x) => mul(globalAveragePool(x), globalMaxPool(x)), image),
  one("resizes", (x) => mul(resizeBilinear(x, 2), resizeNearest(x, 2)), image),
  one("resizeBilinearTo", (x) => resizeBilinearTo(x, [5, 9]), image),
  one("softmax", (x) => softmax(x, 1)),
  one("logSoftmax", (x) => logSoftmax(x, 1)),
  one("logSumExp", (x) => logSumExp(x, 0)),
  one("max", (x) => max(x, { axes: [1] })),
  one("norms", (x) => mul(l1Norm(x, { axes: [1] }), l2Norm(x, { axes: [1] }))),
  one("cumSum", (x) => cumSum(x, 1)),
  ["instanceNormalization", [image, [4], [4]], ([x, s, b]) => instanceNormalization(x!, s!, b!)],
  ["layerNormalization", [[4, 6], [6], [6]], ([x, s, b]) => layerNormalization(x!, s!, b!)],
  ["batchNormalization", [image, [4], [4], [4], [4]], ([x, s, b, m, v]) => batchNormalization(x!, s!, b!, m!, positive(v!))],
  one("instance norm of its parts", (x) => div(sub(x, mean(x, { axes: [1], keepDims: true })), sqrt(add(mean(square(x), { axes: [1], keepDims: true }), 1e-3)))),
  one("layout", (x) => concat([transpose(slice(x, 1, 0, 4), [1, 0]), ...split(pad(x, [[0, 0], [1, 1]]), [4, 4], 1), gather(tile(x, [1, 2]), [3, 3, 7, 0], 1)], 1)),
  one("borders and shuffle", (x) => mul(pixelShuffle(padReflect(x, [[0, 0], [0, 0], [1, 1], [1, 1]]), 2), pixelShuffle(padEdge(x, [[0, 0], [0, 0], [1, 1], [1, 1]]), 2)), image),
];

describe("gradients can be differentiated again", () => {
  test.each(cases)("%s", async (name, shapes, build) => {
    await checkGradient(`second ${name}`, shapes, (graph, inputs) => {
      // a square makes second derivatives depend on the point whatever the operator; weights, that norms have slopes at all
      const y = build(inputs);
      const weights = graph.constant(Array.from({ length: sizeOf(y.shape) }, (_, i) => 1 + 0.5 * Math.sin(3 * i)), y.shape);
      const slopes = gradient(sum(mul(square(y), weights)), inputs);
      return slopes.map((slope) => sum(mul(slope, slope))).reduce((a, b) => add(a, b));
    }, { step: 2e-3, tolerance: 1e-2 });
  });
});
