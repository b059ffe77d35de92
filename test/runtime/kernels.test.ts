import { describe, expect, test } from "vitest";
import { arrayOf, toBytes } from "../../src/graph/dtype.js";
import type { Dtype, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "../../src/graph/onnx.js";
import { valueTypes } from "../../src/graph/value-types.js";
import { cudaKernels } from "../../src/runtime/kernels/cuda.js";
import { hasKernel } from "../../src/runtime/kernels/table.js";
import { unsupportedNodes } from "../../src/runtime/kernels/unsupported.js";
import { webgpuKernels } from "../../src/runtime/kernels/webgpu.js";

function node(op: string, inputs: readonly string[], output: string, attributes: OnnxNode["attributes"] = {}): OnnxNode {
  return { op, name: output, domain: "", inputs, outputs: [output], attributes };
}

const value = (name: string, dtype: Dtype = "float32"): OnnxValueInfo => ({ name, dtype, shape: [2, 2] });
const index = (name: string): OnnxTensor => ({ name, dtype: "int64", shape: [1], data: toBytes(arrayOf("int64", [1])) });

function model(nodes: readonly OnnxNode[], inputs: readonly OnnxValueInfo[], opset = 17, initializers: readonly OnnxTensor[] = []): OnnxModel {
  return { irVersion: 8, opset, producer: "test", metadata: {}, graph: { name: "g", nodes, initializers, inputs, outputs: [] } };
}

describe("kernel tables", () => {
  test("know versions and types, input by input", () => {
    expect(hasKernel(cudaKernels, "GridSample", 17, ["float32", "float32"])).toBe(true);
    expect(hasKernel(cudaKernels, "GridSample", 17, ["float16", "float16"])).toBe(false);
    expect(hasKernel(cudaKernels, "Gather", 17, ["bool", "int64"])).toBe(true);
    expect(hasKernel(cudaKernels, "Gather", 17, ["bool", "uint8"])).toBe(false);
    expect(hasKernel(cudaKernels, "Where", 17, ["bool", "bool", "bool"])).toBe(false);
    expect(hasKernel(cudaKernels, "Add", 17, ["bool"])).toBe(false);
    expect(hasKernel(cudaKernels, "Tan", 17, ["float32"])).toBe(false);
    expect(hasKernel(webgpuKernels, "Slice", 17, ["int32"])).toBe(false);
    expect(hasKernel(webgpuKernels, "GridSample", 19, ["float32"])).toBe(true);
    expect(hasKernel(webgpuKernels, "GridSample", 20, ["float32"])).toBe(false);
    expect([17, 18, 19, 20, 22].map((opset) => hasKernel(cudaKernels, "ReduceMax", opset, ["float32"]))).toEqual([true, true, true, false, false]);
    expect(hasKernel(cudaKernels, "ReduceMax", 13, ["float32"])).toBe(true);
  });
});

describe("unsupported nodes", () => {
  test("are those without a kernel for their types", () => {
    const rounded = model([node("Round", ["x"], "r"), node("Cast", ["r"], "n", { to: { kind: "int", value: 7 } }), node("Neg", ["n"], "m")], [value("x")]);
    expect(unsupportedNodes(rounded, "cuda")).toEqual([]);
    expect(unsupportedNodes(rounded, "webgpu").map(({ name, types }) => [name, types])).toEqual([
      ["r", ["float32"]],
      ["m", ["int64"]],
    ]);
    const foreign = { ...node("FusedConv", ["x"], "y"), domain: "com.microsoft" };
    expect(unsupportedNodes(model([foreign], [value("x")]), "cuda")).toHaveLength(1);
  });

  test("are harmless where they compute with shapes and constants alone", () => {
    const nodes = [node("Shape", ["x"], "s"), node("Neg", ["s"], "t"), node("Neg", ["c"], "d"), node("Neg", ["i"], "j")];
    const found = unsupportedNodes(model(nodes, [value("x"), value("i", "int64")], 17, [index("c")]), "webgpu");
    expect(found.map(({ name, isHarmless }) => [name, isHarmless])).toEqual([
      ["t", true],
      ["d", true],
      ["j", false],
    ]);
  });

  test("are found in the bodies of loops, with the types of what the body reads outside", () => {
    const body = { ...model([node("Round", ["state"], "next"), node("Not", ["go"], "stop")], [value("k", "int64"), value("go", "bool"), { name: "state", dtype: "float16", shape: [] }]).graph, outputs: [value("stop", "bool"), { name: "next", dtype: "float16" as const, shape: [] }] };
    const looped = model([node("Loop", ["", "", "x"], "y", { body: { kind: "graph", value: body } }), node("Abs", ["y"], "z")], [value("x", "float16")]);
    expect(unsupportedNodes(looped, "webgpu").map(({ op, types }) => [op, types])).toEqual([
      ["Loop", [null, null, "float16"]],
      ["Round", ["float16"]],
    ]);
    expect(valueTypes(looped.graph).get("z")).toBe("float16");
  });
});
