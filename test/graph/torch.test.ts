/** An independent opinion: PyTorch runs the graph, differentiates the loss itself, and the two gradients are compared. */
import { expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { leakyRelu, sigmoid, tanh } from "../../src/graph/ops/activation.js";
import { abs, add, div, exp, mul, sqrt, square, sub } from "../../src/graph/ops/arithmetic.js";
import { conv, convTranspose } from "../../src/graph/ops/conv.js";
import { scaleGradient, stopGradient } from "../../src/graph/ops/flow.js";
import { gather } from "../../src/graph/ops/gather.js";
import { gridSample } from "../../src/graph/ops/grid-sample.js";
import { concat, reshape, slice, split, transpose } from "../../src/graph/ops/layout.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { averagePool, maxPool } from "../../src/graph/ops/pool.js";
import { logSumExp, mean, softmax, sum } from "../../src/graph/ops/reduce.js";
import { resizeBilinear, resizeNearest } from "../../src/graph/ops/resize.js";
import { sizeOf } from "../../src/graph/shape.js";
import type { Value } from "../../src/graph/value.js";
import { normals } from "../support/gradcheck.js";
import { findTorch, gradientInTorch } from "../support/torch-check.js";

const shapes = [[8, 3, 4, 4], [8], [16, 8, 3, 3], [16, 8, 4, 4], [8, 8, 3, 3], [2, 8, 1, 1], [16, 10], [3, 8, 3, 3]] as const;

/** A small generator: encoder with strides and norm, a warp by a predicted flow, attention, a decoder. */
function composite(): { graph: Graph; parameters: number } {
  const graph = new Graph("composite");
  const parameters = shapes.reduce((total, shape) => total + sizeOf(shape), 0);
  const theta = graph.input("theta", [parameters]);
  const image = graph.input("image", [2, 3, 16, 16]);
  const [w1, b1, w2, w3, w4, w5, w6, w7] = split(theta, shapes.map(sizeOf), 0).map((v, i) => reshape(v, shapes[i]!)) as [Value, Value, Value, Value, Value, Value, Value, Value];

  const normal = (x: Value): Value => {
    const centred = sub(x, mean(x, { axes: [2, 3], keepDims: true }));
    return div(centred, sqrt(add(mean(square(centred), { axes: [2, 3], keepDims: true }), 1e-5)));
  };
  const a = leakyRelu(normal(conv(image, w1, { stride: 2, pad: 1 }, b1)), 0.2); // [2, 8, 8, 8]
  const b = tanh(conv(a, w2, { stride: 2, pad: 1 })); // [2, 16, 4, 4]
  const c = convTranspose(b, w3, { stride: 2, pad: 1 }); // [2, 8, 8, 8]
  const flow = transpose(mul(conv(c, w5), 0.3), [0, 2, 3, 1]); // [2, 8, 8, 2]
  const centres = Array.from({ length: 128 }, (_, i) => (2 * (i % 2 === 0 ? (i >> 1) % 8 : i >> 4) + 1.3) / 8 - 1);
  const grid = add(flow, graph.constant(centres, [1, 8, 8, 2]));
  const warped = gridSample(conv(a, w4, { pad: 2, dilation: 2 }), grid, { padding: "border" }); // [2, 8, 8, 8]
  const attention = softmax(matmul(reshape(averagePool(b, 4), [2, 16]), w6), 1); // [2, 10]
  const picked = gather(attention, [3, 7, 1, 3], 1);
  const up = add(resizeBilinear(warped, 2), resizeNearest(maxPool(c, 2), 4)); // [2, 8, 16, 16]
  const fake = sigmoid(conv(up, w7, { pad: 1 }));
  const parts = [
    mean(abs(sub(fake, mul(image, 0.5)))),
    mean(exp(mul(concat([picked, slice(attention, 1, 9, 2, -3)], 1), 2))),
    mean(logSumExp(scaleGradient(attention, -0.3), 1)),
    mean(mul(stopGradient(fake), square(fake))),
    sum(square(mul(theta, 0.01))),
  ];
  const loss = parts.reduce((total, part) => add(total, part));
  graph.output("loss", loss);
  graph.output("grad", gradient(loss, [theta])[0]!);
  return { graph, parameters };
}

const python = findTorch();

test.skipIf(python === null)("PyTorch finds the same gradient of a composite network (skipped where python3 has no torch and onnx)", () => {
  const { graph, parameters } = composite();
  const theta = normals(new Random(5), parameters).map((x) => x * 0.2);
  expect(gradientInTorch(python!, "composite", graph.toModel(), { theta }).relativeError).toBeLessThan(1e-4);
});
