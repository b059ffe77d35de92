import { describe, expect, test } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { relu } from "../../src/graph/ops/activation.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { reshape, split } from "../../src/graph/ops/layout.js";
import { sum } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";
import { initialValues } from "../../src/nn/params.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";

/** A chain of layers with rectifiers, and the gradient of its weights. */
function chain(layers: number): Graph {
  const graph = new Graph();
  const theta = graph.input("theta", [layers * 16]);
  let x = graph.input("x", [2, 4]);
  for (const part of split(theta, new Array<number>(layers).fill(16), 0)) x = relu(matmul(x, reshape(part, [4, 4])));
  const loss = sum(x);
  graph.output("loss", loss);
  graph.output("grad", gradient(loss, [theta])[0]!);
  return graph;
}

describe("order of the nodes in a file", () => {
  const { nodes } = chain(4).toModel().graph;

  test("every node stands behind what it reads", () => {
    const written = new Set<string>();
    for (const node of nodes) {
      const producers = nodes.filter((other) => other.outputs.some((name) => node.inputs.includes(name)));
      expect(producers.every((other) => other.outputs.every((name) => written.has(name)))).toBe(true);
      node.outputs.forEach((name) => written.add(name));
    }
  });

  test("parts of a gradient stand together, that of the last layer last, so that it is computed first", () => {
    const at = nodes.findIndex(({ op }) => op === "Concat");
    const parts = nodes[at]!.inputs;
    expect(nodes.slice(at - parts.length, at).map(({ outputs }) => outputs[0])).toEqual(parts);
  });

  test("nodes that make outputs only stand last, that of the last layer at the very end, so that it is computed first", () => {
    const graph = new Graph();
    const weights = [0, 1, 2].map((i) => graph.input(`w${i}`, [4, 4]));
    const y = weights.reduce<Value>((x, w) => relu(matmul(x, w)), graph.input("x", [2, 4]));
    graph.output("loss", sum(y));
    gradient(sum(y), weights).forEach((dw, i) => graph.output(`dw${i}`, dw));
    const { nodes } = graph.toModel().graph;
    expect(nodes.slice(-4).map(({ outputs }) => outputs[0])).toEqual(["dw0", "dw1", "dw2", "loss"]);
  });

  test("masks of rectifiers stand before the gradients that they cut", () => {
    const first = nodes.findIndex(({ name, op }) => name.startsWith("gradient/") && op === "MatMul");
    const masks = nodes.flatMap(({ op }, i) => (op === "Clip" ? [i] : []));
    expect(masks).toHaveLength(4);
    expect(masks.slice(0, 3).every((i) => i < first)).toBe(true);
  });

  test("the numbers stay", async () => {
    const session = await createSession(chain(3).toModel(), { threads: 1 });
    const theta = initialValues({ specs: [{ name: "w", shape: [48], init: { kind: "normal", deviation: 0.5 } }], size: 48 }, 3);
    const { loss, grad } = await session.run({ theta: floats(theta, [48]), x: floats(Float32Array.of(1, 2, 3, 4, 1, -1, 2, -2), [2, 4]) });
    // a chain of rectified products is homogeneous of degree 1 in each layer's weights: Σ θ·∂loss/∂θ = layers · loss
    const along = (grad!.data as Float32Array).reduce((total, g, i) => total + g * theta[i]!, 0);
    expect(Number(loss!.data[0])).toBeGreaterThan(0);
    expect(along).toBeCloseTo(3 * Number(loss!.data[0]), 3);
  });
});
