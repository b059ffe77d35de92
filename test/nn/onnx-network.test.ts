/** A network from elsewhere is trained further: its weights lie in theta, and the loss falls. */
import { expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { decodeModel, encodeModel, type OnnxModel, type OnnxNode } from "../../src/graph/onnx.js";
import { mul, square, sub } from "../../src/graph/ops/arithmetic.js";
import { mean } from "../../src/graph/ops/reduce.js";
import { onnxNetwork } from "../../src/nn/onnx-network.js";
import { declareParams, initialValues, paramsFromVector, type Params } from "../../src/nn/params.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { normals } from "../support/gradcheck.js";
import { tensor } from "../support/one-node.js";

const random = new Random(2);
const node = (op: string, inputs: readonly string[], output: string, attributes: OnnxNode["attributes"] = {}): OnnxNode => ({ op, name: `/net/${output}/${op}`, domain: "", inputs, outputs: [output], attributes });
const weight = (name: string, ...shape: number[]) => tensor([...normals(random, shape.reduce((a, b) => a * b))].map((x) => 0.4 * x), shape, "float32", name);

/** Picture [N,1,6,6] → four numbers: convolution, batch norm, pool and a linear layer, as exporters write them. */
const file = encodeModel({
  irVersion: 7,
  opset: 13,
  producer: "elsewhere",
  metadata: {},
  graph: {
    name: "small",
    nodes: [
      node("Conv", ["picture", "conv.weight", "conv.bias"], "a"),
      node("BatchNormalization", ["a", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"], "b"),
      node("Relu", ["b"], "c"),
      node("GlobalAveragePool", ["c"], "d"),
      node("Flatten", ["d"], "e"),
      node("Gemm", ["e", "head.weight", "head.bias"], "y", { transB: { kind: "int", value: 1 } }),
    ],
    initializers: [
      weight("conv.weight", 8, 1, 3, 3),
      weight("conv.bias", 8),
      tensor([1, 1, 1, 1, 1, 1, 1, 1], [8], "float32", "norm.weight"),
      weight("norm.bias", 8),
      weight("norm.running_mean", 8),
      tensor([1, 2, 1, 2, 1, 2, 1, 2], [8], "float32", "norm.running_var"),
      weight("head.weight", 4, 8),
      weight("head.bias", 4),
    ],
    inputs: [{ name: "picture", dtype: "float32", shape: ["n", 1, 6, 6] }],
    outputs: [{ name: "y", dtype: "float32", shape: ["n", 4] }],
  },
});

const batch = 5;

function training(model: OnnxModel, trained?: (name: string) => boolean) {
  const build = (params: Params, graph: Graph) => onnxNetwork(params, model, { inputs: { picture: graph.input("picture", [batch, 1, 6, 6]) }, ...(trained === undefined ? {} : { trained }) }).get("y")!;
  const table = declareParams((params) => void build(params, params.graph));
  const graph = new Graph();
  const theta = graph.input("theta", [table.size]);
  const y = build(paramsFromVector(theta, table), graph);
  const loss = mean(square(sub(y, graph.input("wanted", [batch, 4]))));
  graph.output("y", y);
  graph.output("loss", loss);
  graph.output("next", sub(theta, mul(gradient(loss, [theta])[0]!, 0.1)));
  return { table, graph };
}

test("starts with the file's numbers and learns", async () => {
  const model = decodeModel(file, "small.onnx");
  const { table, graph } = training(model);
  // running statistics are no parameters
  expect(table.specs.map(({ name }) => name)).toEqual(["conv.weight", "conv.bias", "norm.weight", "norm.bias", "head.weight", "head.bias"]);
  const [own, session] = [await createSession(model), await createSession(graph.toModel(), { training: true })];
  const picture = floats(normals(random, batch * 36), [batch, 1, 6, 6]);
  const wanted = floats(normals(random, batch * 4), [batch, 4]);
  let theta = initialValues(table, 0);
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) {
    const step = await session.run({ picture, wanted, theta: floats(theta, [table.size]) });
    if (i === 0) {
      const expected = (await own.run({ picture }))["y"]!.data as Float32Array;
      (step["y"]!.data as Float32Array).forEach((y, j) => expect(y).toBeCloseTo(expected[j]!, 5));
    }
    losses.push((step["loss"]!.data as Float32Array)[0]!);
    theta = step["next"]!.data as Float32Array;
  }
  await Promise.all([own.release(), session.release()]);
  for (let i = 1; i < losses.length; i++) expect(losses[i]!).toBeLessThan(losses[i - 1]!);
  expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!);
});

test("trains only what it is told to", () => {
  const { table, graph } = training(decodeModel(file, "small.onnx"), (name) => name.startsWith("head."));
  expect(table.specs.map(({ name }) => name)).toEqual(["head.weight", "head.bias"]);
  expect(table.size).toBe(36);
  // nothing before the head is differentiated
  expect(graph.toModel().graph.nodes.filter(({ name }) => name.startsWith("gradient/net/a"))).toEqual([]);
});
