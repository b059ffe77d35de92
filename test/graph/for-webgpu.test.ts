/** What is rewritten for WebGPU computes the same; that WebGPU needs it is seen by runtime/webgpu.test.ts and `talkface doctor --device webgpu`. */
import { expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { forWebGpu } from "../../src/graph/for-webgpu.js";
import { Graph } from "../../src/graph/graph.js";
import type { OnnxModel, OnnxNode } from "../../src/graph/onnx.js";
import { cast } from "../../src/graph/ops/compare.js";
import { div, mul, sqrt } from "../../src/graph/ops/arithmetic.js";
import { conv } from "../../src/graph/ops/conv.js";
import { stopGradient } from "../../src/graph/ops/flow.js";
import { reshape, split, transpose } from "../../src/graph/ops/layout.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { sizeOf } from "../../src/graph/shape.js";
import type { Value } from "../../src/graph/value.js";
import { createSession } from "../../src/runtime/session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";

const random = new Random(4);

function model(shape: readonly number[], build: (x: Value) => readonly Value[]): OnnxModel {
  const graph = new Graph();
  build(graph.input("x", shape)).forEach((y, i) => graph.output(`y${i}`, y));
  return graph.toModel();
}

const weight = (x: Value, shape: readonly number[]): Value => x.graph.constant(Float32Array.from({ length: sizeOf(shape) }, () => random.normal()), shape);

const models: Readonly<Record<string, OnnxModel>> = {
  "a Split of many parts, some unread": model([30], (x) => split(x, [1, 2, 3, 4, 5, 6, 1, 2, 3, 3], 0).filter((_, i) => i !== 2)),
  "groups of 5 channels": model([2, 4, 6, 6], (x) => [conv(x, weight(x, [20, 1, 3, 3]), { groups: 4, pad: 1 })]),
  "groups of 6 channels, weights cut from the input": model([1, 4 * 49 + 12 * 2 * 9], (x) => {
    const [picture, kernel] = split(x, [4 * 49, 12 * 2 * 9], 1) as [Value, Value];
    return [conv(reshape(picture, [1, 4, 7, 7]), reshape(kernel, [12, 2, 3, 3]), { groups: 2, stride: 2 })];
  }),
  "6 channels in": model([1, 6, 5, 5], (x) => [conv(x, weight(x, [8, 6, 3, 3]), { pad: 1 })]),
  "9 channels in, on a line": model([2, 9, 7], (x) => [conv(x, weight(x, [4, 9, 3]))]),
  "9 channels in, a frozen and scaled weight": model([1, 9 * 25 + 4 * 81], (x) => {
    const [picture, kernel] = split(x, [9 * 25, 4 * 81], 1) as [Value, Value];
    const shaped = stopGradient(reshape(kernel, [4, 9, 3, 3]));
    return [conv(reshape(picture, [1, 9, 5, 5]), div(shaped, sqrt(sum(mul(shaped, shaped)))))];
  }),
  "groups in three dimensions": model([1, 4, 3, 4, 4], (x) => [conv(x, weight(x, [6, 2, 2, 3, 3]), { groups: 2, pad: 1 })]),
  "bytes out of a transpose": model([1, 3, 2, 2], (x) => [cast(transpose(x, [0, 2, 3, 1]), "uint8")]),
};

test.each(Object.entries(models))("%s", async (_name, before) => {
  const after = forWebGpu(before);
  expect(after).not.toBe(before);
  expect(forWebGpu(after)).toBe(after);
  const names = after.graph.nodes.map((node: OnnxNode) => node.name);
  expect(new Set(names).size).toBe(names.length);
  const shape = before.graph.inputs[0]!.shape as number[];
  const x = floats(Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(1, 200)), shape);
  const [expected, found] = [await run(before, x), await run(after, x)];
  for (const [name, y] of Object.entries(expected)) {
    expect(found[name]!.shape).toEqual(y.shape);
    const scale = Math.max(...[...y.data].map((v) => Math.abs(Number(v))));
    y.data.forEach((v, i) => expect(Math.abs(Number(v) - Number(found[name]!.data[i]))).toBeLessThanOrEqual(1e-5 * scale));
  }
});

test("a convolution whose weight has no known shape is refused", () => {
  const { graph, ...rest } = models["6 channels in"]!;
  const unknown = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, inputs: ["x", "nowhere"] })) };
  expect(() => forWebGpu({ ...rest, graph: unknown })).toThrow(/^convolution "Conv_0": the shape of its weight is not known/);
});

test("a model that needs nothing stays as it is", () => {
  const plain = model([2, 4, 6, 6], (x) => [conv(x, weight(x, [8, 1, 3, 3]), { groups: 4 })]);
  expect(forWebGpu(plain)).toBe(plain);
});

async function run(own: OnnxModel, x: Tensor): Promise<Record<string, Tensor>> {
  const session = await createSession(own, { threads: 1 });
  const results = await session.run({ x });
  await session.release();
  return results;
}
