/** Whole models read into graphs: sizes, names, errors, damage, and our own graphs back again. */
import { describe, expect, test } from "vitest";
import { TalkfaceError } from "../../src/base/errors.js";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { decodeModel, encodeModel, type OnnxModel, type OnnxNode } from "../../src/graph/onnx.js";
import { readModel } from "../../src/graph/read/read-model.js";
import { sizeOf } from "../../src/graph/shape.js";
import type { Value } from "../../src/graph/value.js";
import { initialValues } from "../../src/nn/params.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";
import { lossGraph } from "../../src/systems/graphs.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem } from "../../src/systems/registry.js";
import { normals } from "../support/gradcheck.js";
import { integers, oneNode, tensor } from "../support/one-node.js";
import { map, nodeCases } from "../support/one-node-cases.js";
import { difference, readAlone } from "../support/read-alone.js";

test("our own gradient graphs come back as they are", async () => {
  const system = findSystem("et-gan-acw");
  const config = system.presets["tiny"];
  const ends = [system.phases[0]!, system.phases.at(-1)!] as const;
  for (const [phase, group] of [[ends[0], ends[0].groups[0]!], [ends[1], ends[1].groups.at(-1)!]] as const) {
    const model = decodeModel(encodeModel(lossGraph(system, config, phase, group, "grad").toModel()), "grad.onnx");
    const graph = readAlone(model);
    const random = new Random(11).split(phase.name + group);
    const theta = initialValues(paramTables(system, config).get(group)!, 0);
    const feeds = Object.fromEntries(graph.inputs.map((x) => [x.name, feed(x, x.name === "theta" ? theta : null, random)]));
    expect(await difference(model, graph, feeds), `${phase.name}, ${group}`).toBeLessThan(1e-5);
  }
});

function feed({ dtype, shape }: Value, data: Float32Array | null, random: Random): Tensor {
  if (dtype === "float32") return floats(data ?? normals(random, sizeOf(shape)).map((x) => 0.1 * x), shape);
  if (dtype === "uint8") return { dtype, shape, data: Uint8Array.from({ length: sizeOf(shape) }, () => random.uniform(0, 255)) };
  throw new Error(`no numbers for an input of ${dtype}`);
}

/** A network as PyTorch exports it: module paths as names, sizes computed from shapes. */
const exported: OnnxModel = {
  irVersion: 7,
  opset: 13,
  producer: "pytorch",
  metadata: {},
  graph: {
    name: "net",
    nodes: [
      step("Conv", "/stem/conv/Conv", ["picture", "stem.weight"], ["a"]),
      step("Shape", "/Shape", ["a"], ["shape"]),
      step("Constant", "/Constant", [], ["zero"], { value: { kind: "tensor", value: tensor([0], [], "int64") } }),
      step("Gather", "/Gather", ["shape", "zero"], ["n"], { axis: { kind: "int", value: 0 } }),
      step("Constant", "/Constant_1", [], ["axes"], { value: { kind: "tensor", value: integers(0) } }),
      step("Unsqueeze", "/Unsqueeze", ["n", "axes"], ["n1"]),
      step("Constant", "/Constant_2", [], ["rest"], { value: { kind: "tensor", value: integers(-1) } }),
      step("Concat", "/Concat", ["n1", "rest"], ["to"], { axis: { kind: "int", value: 0 } }),
      step("Reshape", "/Reshape", ["a", "to"], ["flat"]),
      step("Gemm", "/head/Gemm", ["flat", "head.weight"], ["scores"], { transB: { kind: "int", value: 1 } }),
      step("NonZero", "/NonZero", ["scores"], ["places"]),
    ],
    initializers: [tensor([...normals(new Random(1), 2 * 3 * 9)], [2, 3, 3, 3], "float32", "stem.weight"), tensor([...normals(new Random(2), 4 * 32)], [4, 32], "float32", "head.weight")],
    inputs: [{ name: "picture", dtype: "float32", shape: ["batch", 3, 6, "w"] }],
    outputs: [{ name: "scores", dtype: "float32", shape: ["batch", 4] }],
  },
};

function step(op: string, name: string, inputs: readonly string[], outputs: readonly string[], attributes: OnnxNode["attributes"] = {}): OnnxNode {
  return { op, name, domain: "", inputs, outputs, attributes };
}

describe("a model", () => {
  const read = (shape: readonly number[], outputs: readonly string[] = ["scores"], model = exported): Graph => {
    const graph = new Graph();
    const values = readModel(graph, model, { inputs: { picture: graph.input("picture", shape) }, outputs, where: "net.onnx" });
    for (const [name, value] of values) graph.output(name, value);
    return graph;
  };

  test("takes its sizes from the values given, module paths from its names", async () => {
    for (const batch of [1, 3]) {
      const graph = read([batch, 3, 6, 6]);
      expect(graph.toModel().graph.nodes.map(({ name }) => name)).toEqual(["stem/conv/Conv_0", "Reshape_0", "head/MatMul_0"]);
      const picture = floats(normals(new Random(batch), batch * 108), [batch, 3, 6, 6]);
      const kept = exported.graph.nodes.filter(({ op }) => op !== "NonZero");
      expect(await difference({ ...exported, graph: { ...exported.graph, nodes: kept } }, graph, { picture })).toBeLessThan(1e-6);
    }
  });

  test("gives inner tensors too", () => {
    expect(read([1, 3, 6, 6], ["a"]).outputs.get("a")!.shape).toEqual([1, 2, 4, 4]);
  });

  test.each<[string, RegExp, () => unknown]>([
    ["an operator that is unknown", /net\.onnx: node "\/NonZero" \(NonZero\): is not supported\. Supported: Abs, Add/, () => read([1, 3, 6, 6], ["places"])],
    ["a size that does not fit", /its input "picture" is float32 \[batch,3,6,w\], got float32 \[1,3,7,6\]/, () => read([1, 3, 7, 6])],
    ["what shapes make impossible", /node "\/head\/Gemm" \(Gemm\): head\/MatMul: rows of 40 elements/, () => read([1, 3, 6, 7])],
    ["an output that is not there", /nothing writes the tensor "nothing"/, () => read([1, 3, 6, 6], ["nothing"])],
    ["an operator set that is too new", /version 19 .* 11 to 18 are supported/, () => read([1, 3, 6, 6], undefined, { ...exported, opset: 19 })],
    ["an input that is missing", /its input "picture" is not given/, () => readModel(new Graph(), exported, { inputs: {} })],
    ["an attribute that is unknown", /its attribute "secret" is not supported/, () => readAlone(oneNode("Relu", [[2]], { secret: 1 }))],
    ["an attribute of another kind", /its attribute "axis" is of the kind float, expected int/, () => readAlone(oneNode("Softmax", [[2]], { axis: { float: 1 } }))],
    ["a shape that depends on data", /its shape \(input 1\) depends on data/, () => readAlone(oneNode("Reshape", [[2], [1]]))],
    ["an input too many", /its input 1 \("x1"\) is not supported/, () => readAlone(oneNode("Relu", [[2], [2]]))],
    ["a domain of its own", /comes from the operator domain "com.microsoft"/, () => readAlone({ ...exported, graph: { ...exported.graph, inputs: [], nodes: [{ ...step("Gelu", "g", [], ["scores"]), domain: "com.microsoft" }] } })],
    ["dropout in training", /is meant for training/, () => readAlone(oneNode("Dropout", [[2], tensor([0.5], []), tensor([1], [], "bool")]))],
    ["an output that its rule leaves out", /output 1 \("y1"\) of node "here\/MaxPool" \(MaxPool\) is not supported/, () => readAlone(oneNode("MaxPool", [map], { kernel_shape: [2, 2] }, { outputs: 2 }))],
  ])("refuses %s", (_, message, run) => {
    expect(run).toThrow(TalkfaceError);
    expect(run).toThrow(message);
  });

  test("gives a value or one of our errors when it is damaged", () => {
    const models = [exported, ...Object.values(nodeCases).flat().filter((_, i) => i % 7 === 0).map(([op, inputs, attributes, options]) => oneNode(op, inputs, attributes, options))];
    const random = new Random(13);
    let [good, refused] = [0, 0];
    for (const model of models) {
      const bytes = encodeModel(model);
      for (let round = 0; round < 60; round++) {
        const damaged = bytes.slice();
        for (let flips = 0; flips < 3; flips++) damaged[Math.floor(random.uniform(0, bytes.length))]! ^= 1 << Math.floor(random.uniform(0, 8));
        try {
          const decoded = decodeModel(damaged, "damaged.onnx");
          const graph = new Graph();
          const inputs = Object.fromEntries(decoded.graph.inputs.map(({ name, dtype, shape }) => [name, graph.input(name, shape.map((n) => (typeof n === "number" ? n : 6)), dtype)]));
          for (const [name, value] of readModel(graph, decoded, { inputs })) graph.output(name, value);
          const [first] = graph.outputs.values();
          if (first?.dtype === "float32" && sizeOf(first.shape) === 1) gradient(first, graph.inputs);
          graph.toModel();
          good++;
        } catch (error) {
          if (!(error instanceof TalkfaceError)) throw error;
          refused++;
        }
      }
    }
    expect(Math.min(good, refused)).toBeGreaterThan(20);
  });
});
