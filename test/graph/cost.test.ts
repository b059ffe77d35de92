/** Costs against numbers worked out by hand. */
import { describe, expect, test } from "vitest";
import { graphCost, moduleOf } from "../../src/graph/cost/cost.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { relu } from "../../src/graph/ops/activation.js";
import { add, exp } from "../../src/graph/ops/arithmetic.js";
import { conv, convTranspose } from "../../src/graph/ops/conv.js";
import { concat, reshape } from "../../src/graph/ops/layout.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { averagePool } from "../../src/graph/ops/pool.js";
import { mean, sum } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";

function costOf(build: (graph: Graph) => Value, depth = 1) {
  const graph = new Graph();
  graph.output("y", build(graph));
  return graphCost(graph, depth);
}

describe("operations", () => {
  test.each<[string, number, (graph: Graph) => Value]>([
    // 2·4·8·8 results, each 3·3·3 multiply-adds
    ["Conv", 512 * 27 * 2, (g) => conv(g.input("x", [2, 3, 8, 8]), g.input("w", [4, 3, 3, 3]), { pad: 1 })],
    ["Conv with bias", 512 * 27 * 2 + 512, (g) => conv(g.input("x", [2, 3, 8, 8]), g.input("w", [4, 3, 3, 3]), { pad: 1 }, g.input("b", [4]))],
    // stride 2: 2·4·4·4 results
    ["Conv with stride", 128 * 27 * 2, (g) => conv(g.input("x", [2, 3, 8, 8]), g.input("w", [4, 3, 3, 3]), { pad: 1, stride: 2 })],
    // in 2 groups every result sees 2 of 4 channels: 6·6·6 results of 2·3·3 multiply-adds
    ["Conv in groups", 216 * 18 * 2, (g) => conv(g.input("x", [1, 4, 8, 8]), g.input("w", [6, 2, 3, 3]), { groups: 2 })],
    // 3·4·4 elements, each spread to 5 channels of 2·2
    ["ConvTranspose", 48 * 20 * 2, (g) => convTranspose(g.input("x", [1, 3, 4, 4]), g.input("w", [3, 5, 2, 2]), { stride: 2 })],
    ["MatMul", 2 * 4 * 5 * 3 * 2, (g) => matmul(g.input("x", [2, 4, 3]), g.input("w", [3, 5]))],
    ["Add", 12, (g) => add(g.input("x", [3, 4]), g.input("w", [4]))],
    ["ReduceMean", 12, (g) => mean(g.input("x", [3, 4]), { axes: [1] })],
    ["AveragePool", 4 * 9, (g) => averagePool(g.input("x", [1, 1, 6, 6]), 3)],
    ["Reshape and Concat", 0, (g) => concat([reshape(g.input("x", [3, 4]), [12]), g.input("w", [2])], 0)],
  ])("%s", (_, operations, build) => {
    expect(costOf(build).forwardOperations).toBe(operations);
  });
});

describe("modules", () => {
  test("are the scopes of nodes; gradients belong to what they differentiate", () => {
    expect(moduleOf("decoder/up2/Conv_0")).toEqual({ path: "decoder/up2", isGradient: false });
    expect(moduleOf("gradient/decoder/up2/Conv_0/MatMul_3")).toEqual({ path: "decoder/up2", isGradient: true });
    expect(moduleOf("gradient/gradient/head/scale_gradient:-0.5_0/Mul_1/Mul_0")).toEqual({ path: "head", isGradient: true });
    expect(moduleOf("block_1/Conv_0")).toEqual({ path: "block_1", isGradient: false });
    expect(moduleOf("Add_0")).toEqual({ path: "", isGradient: false });
  });

  test("add up to the total, and gradients of a product to twice its operations", () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", [8, 16]), graph.input("w", [16, 32])];
    const y = graph.scope("net", () => graph.scope("head", () => matmul(x, w)));
    gradient(sum(y), [x, w]).forEach((g, i) => graph.output(`g${i}`, g));
    graph.output("y", y);
    const cost = graphCost(graph, 2);
    const head = cost.modules.get("net/head")!;
    expect(head.forwardOperations).toBe(2 * 8 * 16 * 32);
    expect(head.gradientOperations).toBe(2 * head.forwardOperations);
    expect([...cost.modules.values()].reduce((n, work) => n + work.nodes, 0)).toBe(cost.nodes);
    expect([...graphCost(graph, 1).modules.keys()]).toContain("net");
    expect(Object.values(cost.operators).reduce((a, b) => a + b)).toBe(cost.nodes);
  });

  test("move what they read and write, views nothing", () => {
    expect(costOf((g) => exp(reshape(g.input("x", [3, 4]), [12]))).bytesMoved).toBe(2 * 48);
  });
});

describe("memory", () => {
  const weights = (g: Graph): Value => g.constant(new Float32Array(100).fill(0.5), [10, 10], "float32", "w");

  test("weights and activations apart", () => {
    const { memory } = costOf((g) => matmul(g.input("x", [5, 10]), weights(g)));
    expect(memory).toMatchObject({ weightBytes: 400, inputBytes: 200, outputBytes: 200, peakActivationBytes: 200 });
  });

  test("elementwise nodes write over what nobody reads later, others need both", () => {
    expect(costOf((g) => relu(relu(matmul(g.input("x", [5, 10]), weights(g))))).memory.peakActivationBytes).toBe(200);
    expect(costOf((g) => matmul(matmul(g.input("x", [5, 10]), weights(g)), weights2(g))).memory.peakActivationBytes).toBe(400);
    // a is read again, so relu(a) needs its own place; so does their sum's operand until the sum is there
    const later = costOf((g) => {
      const a = matmul(g.input("x", [5, 10]), weights(g));
      return concat([relu(a), a], 0);
    });
    expect(later.memory.peakActivationBytes).toBe(200 + 200 + 400);
    expect(later.memory.peakNode).toBe("Concat_0");
  });

  test("a view keeps its source alive and takes nothing", () => {
    const product = (g: Graph): Value => reshape(matmul(g.input("x", [5, 10]), weights(g)), [50]);
    expect(costOf((g) => sum(product(g))).memory.peakActivationBytes).toBe(200 + 4);
    // read through the view at the end: the first product stays while the second one, and then the result, is made
    const both = costOf((g) => {
      const first = product(g);
      return concat([reshape(matmul(exp(g.input("z", [5, 10])), weights2(g)), [50]), first], 0);
    });
    expect(both.memory.peakActivationBytes).toBe(200 + 200 + 400);
  });
});

const weights2 = (g: Graph): Value => g.constant(new Float32Array(100).fill(0.25), [10, 10], "float32", "w2");
