import { describe, expect, test } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { square } from "../../src/graph/ops/arithmetic.js";
import { batchNormalization, instanceNormalization, layerNormalization } from "../../src/graph/ops/normalization.js";
import { sum } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";
import { checkGradient } from "../support/gradcheck.js";

const positive = Float32Array.of(0.5, 1.5, 0.9);
const slopeOf = (y: Value, x: Value): Value => gradient(sum(square(y)), [x])[0]!;

describe("gradients of normalisations", () => {
  test.each([[[4, 3]], [[2, 3, 5]], [[2, 3, 4, 5]], [[2, 3, 2, 3, 4]]])("batchNormalization %j", async (shape) => {
    await checkGradient("batchNormalization", [shape, [3], [3], [3], [3]], (_, [x, s, b, m, v]) => batchNormalization(x!, s!, b!, m!, v!), {
      values: [undefined, undefined, undefined, undefined, positive],
      step: 3e-3,
    });
  });

  test.each([[[2, 3, 7]], [[2, 3, 4, 5]], [[1, 3, 2, 3, 4]]])("instanceNormalization %j", async (shape) => {
    await checkGradient("instanceNormalization", [shape, [3], [3]], (_, [x, s, b]) => square(instanceNormalization(x!, s!, b!)), { step: 3e-3 });
    await checkGradient("instanceNormalization plain", [shape], (_, [x]) => square(square(instanceNormalization(x!))), { step: 3e-3 });
  });

  test("layerNormalization", async () => {
    await checkGradient("layerNormalization", [[2, 3, 8], [8], [8]], (_, [x, s, b]) => square(layerNormalization(x!, s!, b!)), { step: 3e-3 });
  });

  test("second derivatives", async () => {
    await checkGradient("batch, second", [[4, 3], [3]], (g, [x, v]) => slopeOf(square(batchNormalization(x!, v!, v!, v!, g.constant(positive, [3]))), x!), { step: 3e-3, tolerance: 3e-3 });
    await checkGradient("instance, second", [[2, 2, 6]], (_, [x]) => slopeOf(square(instanceNormalization(x!)), x!), { step: 2e-3, tolerance: 3e-3 });
    await checkGradient("layer, second", [[3, 6], [6]], (_, [x, s]) => slopeOf(square(layerNormalization(x!, s!, s!)), x!), { step: 2e-3, tolerance: 3e-3 });
  });
});

test.each<[string, (x: Value, v: Value) => Value, string]>([
  ["vector", (x, v) => batchNormalization(x, v, v, v, v), "BatchNormalization: the scale is [4], expected [3] for [2,3,8]."],
  ["spatial axis", (_, v) => instanceNormalization(v), "InstanceNormalization: input [4], expected [N,C,…] with at least one spatial axis and no empty axis."],
  ["row", (x, v) => layerNormalization(x, v, v), "LayerNormalization: the scale is [4], expected [8] for [2,3,8]."],
])("refuses when the graph is built: %s", (_, wrong, message) => {
  const graph = new Graph();
  expect(() => wrong(graph.input("x", [2, 3, 8]), graph.input("v", [4]))).toThrow(message);
});
