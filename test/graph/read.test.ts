/** Operators of ONNX files read into graphs: every form against ONNX Runtime's own run of the file. */
import { describe, expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import type { OnnxModel } from "../../src/graph/onnx.js";
import { readModel } from "../../src/graph/read/read-model.js";
import { rules } from "../../src/graph/read/rules.js";
import { sizeOf } from "../../src/graph/shape.js";
import { floats } from "../../src/runtime/tensor.js";
import { checkGradient, normals } from "../support/gradcheck.js";
import { oneNode } from "../support/one-node.js";
import { map, nodeCases, positive, scales, vector, type Case } from "../support/one-node-cases.js";
import { differences, readAlone } from "../support/read-alone.js";

/** Many models of one operator set as one, so that one session serves them all; names get the model's place before them. */
function together(models: readonly OnnxModel[]): OnnxModel {
  const parts = models.map(({ graph }, i) => {
    const placed = <T extends { readonly name: string }>(named: T): T => ({ ...named, name: `${i}.${graph.name}.${named.name}` });
    const label = (name: string): string => (name === "" ? "" : placed({ name }).name);
    const nodes = graph.nodes.map((node) => ({ ...placed(node), inputs: node.inputs.map(label), outputs: node.outputs.map(label) }));
    return { nodes, initializers: graph.initializers.map(placed), inputs: graph.inputs.map(placed), outputs: graph.outputs.map(placed) };
  });
  const all = <K extends keyof (typeof parts)[number]>(key: K): (typeof parts)[number][K] => parts.flatMap((part) => part[key] as never[]) as (typeof parts)[number][K];
  return { ...models[0]!, graph: { name: "together", nodes: all("nodes"), initializers: all("initializers"), inputs: all("inputs"), outputs: all("outputs") } };
}

test.each(Object.entries(nodeCases))("%s: ONNX Runtime's own results in every form", async (_, cases) => {
  for (const opset of [11, 12, 16, 17, 18]) {
    const models = cases.filter(([, , , options]) => (options?.opset ?? 17) === opset).map(([op, inputs, attributes, options]) => oneNode(op, inputs, attributes, options));
    if (models.length === 0) continue;
    const model = together(models);
    const graph = readAlone(model);
    const outputs = [...graph.outputs].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const random = new Random(1).split(String(opset));
    const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, floats(normals(random, sizeOf(shape)), shape)]));
    for (const [name, error] of await differences({ ...model, graph: { ...model.graph, outputs } }, graph, feeds)) expect(error, name).toBeLessThan(2e-6);
  }
});

test("every operator that is read has a case", () => {
  const tried = new Set(Object.values(nodeCases).flatMap((cases) => cases.map(([op]) => op)));
  expect(Object.keys(rules).filter((op) => !tried.has(op))).toEqual([]);
});

describe("gradients", () => {
  const cases: Case[] = [
    ["AveragePool", [map], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }],
    ["Resize", [map, null, scales(1.7, 2)], { mode: "cubic" }],
    ["Resize", [map, null, scales(2, 1.5)]],
    ["LSTM", [[4, 2, 3], [1, 8, 3], [1, 8, 2], [1, 16]], { hidden_size: 2 }],
    ["GRU", [[4, 2, 3], [1, 6, 3], [1, 6, 2], [1, 12]], { hidden_size: 2, direction: "reverse" }],
    ["BatchNormalization", [map, vector(3), vector(3, 9), vector(3, 8), positive(3)]],
    ["LayerNormalization", [map, [5, 6]], { axis: 2 }],
    ["MatMul", [[3], [2, 3, 5]]],
  ];
  test.each(cases.map((given) => ({ op: given[0], given })))("of $op are those of the numbers", async ({ op, given: [, inputs, attributes] }) => {
    const model = oneNode(op, inputs, attributes);
    await checkGradient(op, model.graph.inputs.map(({ shape }) => shape as readonly number[]), (graph, values) => {
      const named = Object.fromEntries(model.graph.inputs.map(({ name }, i) => [name, values[i]!]));
      return readModel(graph, model, { inputs: named }).get("y0")!;
    });
  });
});
