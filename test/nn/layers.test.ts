import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { add, square } from "../../src/graph/ops/arithmetic.js";
import { convLayer, convTransposeLayer, embedding, linear } from "../../src/nn/layers.js";
import { checkLayer, runLayer, tableOf, type Network } from "../support/layer-check.js";
import { normals } from "../support/gradcheck.js";
import { initialValues } from "../../src/nn/params.js";

describe("layers", () => {
  it.each<[string, number[], Network, number[]]>([
    ["linear", [2, 3, 4], (p, [x]) => linear(p, "l", x!, { out: 5 }), [2, 3, 5]],
    ["convLayer, a stride for each axis", [2, 3, 7, 6], (p, [x]) => convLayer(p, "c", x!, { out: 4, kernel: 3, stride: [3, 2] }), [2, 4, 3, 3]],
    ["convLayer, a pad for each axis", [2, 3, 7, 6], (p, [x]) => convLayer(p, "c", x!, { out: 4, kernel: [5, 3], pad: [1, 0], stride: [1, 2] }), [2, 4, 5, 2]],
    ["convLayer over time and space", [1, 2, 4, 5, 5], (p, [x]) => convLayer(p, "c", x!, { out: 3, kernel: 3, stride: 2 }), [1, 3, 2, 3, 3]],
    ["convTransposeLayer", [2, 3, 4, 5], (p, [x]) => convTransposeLayer(p, "t", x!, { out: 2, kernel: 4, stride: 2, pad: 1 }), [2, 2, 8, 10]],
    ["convTransposeLayer with output padding", [2, 3, 3, 3], (p, [x]) => convTransposeLayer(p, "t", x!, { out: 2, kernel: 3, stride: 2, pad: 1, outputPadding: 1 }), [2, 2, 6, 6]],
  ])("%s has its shape and a checked gradient", async (name, shape, build, expected) => {
    await checkLayer(name, [shape], (p, [x]) => square(build(p, [x!])));
    const theta = initialValues(tableOf([shape], build), 1);
    const { shape: got } = await runLayer([shape], build, [new Float32Array(shape.reduce((a, b) => a * b))], { mode: "deployed", theta, state: new Float32Array(0) });
    expect(got).toEqual(expected);
  });

  it("keep the size of numbers through transposed convolutions", async () => {
    const shapes = [[1, 64, 16, 16]];
    const build: Network = (p, [x]) => convTransposeLayer(p, "t", x!, { out: 64, kernel: 4, stride: 2, pad: 1, gain: Math.SQRT1_2 });
    const { y } = await runLayer(shapes, build, [normals(new Random(1), 64 * 256)], { mode: "deployed", theta: initialValues(tableOf(shapes, build), 1), state: new Float32Array(0) });
    const deviation = Math.sqrt(y.reduce((total, v) => total + v * v, 0) / y.length);
    expect(deviation).toBeGreaterThan(0.85);
    expect(deviation).toBeLessThan(1.1);
  });

  it("embedding picks rows, and a row that is picked twice gets both gradients", async () => {
    const build: Network = (p, [x]) => {
      const index = x!.graph.constant([2, 0, 2, 1], [2, 2], "int64");
      // a value, not a constant: as in a graph where indices are an input
      return square(embedding(p, "e", add(index, x!.graph.constant([0], [], "int64")), { count: 4, width: 3 }));
    };
    await checkLayer("embedding", [[1]], build);
    const theta = Float32Array.from({ length: 12 }, (_, i) => i);
    const { y, shape } = await runLayer([[1]], build, [new Float32Array(1)], { mode: "deployed", theta, state: new Float32Array(0) });
    expect(shape).toEqual([2, 2, 3]);
    expect([...y]).toEqual([36, 49, 64, 0, 1, 4, 36, 49, 64, 9, 16, 25]);
  });
});
