import { expect, test } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { encodeModel } from "../../src/graph/onnx.js";
import { elu, prelu, relu } from "../../src/graph/ops/activation.js";
import { add, mul, square } from "../../src/graph/ops/arithmetic.js";
import { padEdge, padReflect } from "../../src/graph/ops/border.js";
import { and, greater, where } from "../../src/graph/ops/compare.js";
import { conv, convTranspose } from "../../src/graph/ops/conv.js";
import { scaleGradient, stopGradient } from "../../src/graph/ops/flow.js";
import { gather } from "../../src/graph/ops/gather.js";
import { gridSample } from "../../src/graph/ops/grid-sample.js";
import { concat, expand, pad, reshape, slice, split, tile, transpose } from "../../src/graph/ops/layout.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { pixelShuffle, pixelUnshuffle } from "../../src/graph/ops/pixel-shuffle.js";
import { averagePool, globalAveragePool, maxPool } from "../../src/graph/ops/pool.js";
import { argMax, cumSum, l2Norm, sum } from "../../src/graph/ops/reduce.js";
import { resizeBilinear, resizeBilinearTo } from "../../src/graph/ops/resize.js";
import { printGraph } from "../../src/graph/print.js";
import type { Value } from "../../src/graph/value.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";

function build(): Graph {
  const graph = new Graph("net");
  const x = graph.input("x", [1, 2, 6, 6]);
  const w = graph.input("w", [3, 2, 3, 3]);
  const y = graph.scope("generator", () => graph.scope("up2", () => relu(conv(x, w, { pad: 1 }))));
  add(y, 5); // no output needs it
  const loss = sum(square(y));
  graph.output("loss", loss);
  graph.output("grad", gradient(loss, [w])[0]!);
  return graph;
}

test("names carry the module path, dead nodes go, the same calls give the same bytes", () => {
  const model = build().toModel({ system: "test" });
  const names = model.graph.nodes.map((node) => node.name);
  expect(names).toContain("generator/up2/Conv_0");
  expect(names.some((name) => name.startsWith("gradient/generator/up2/Conv_0/"))).toBe(true);
  expect(model.graph.nodes.some((node) => node.op === "Add" && node.inputs.includes("generator/up2/Relu_0"))).toBe(false);
  expect(model.graph.nodes.some((node) => node.outputs.includes("loss"))).toBe(true);
  expect(model.metadata).toEqual({ system: "test" });
  expect(Buffer.from(encodeModel(model)).equals(Buffer.from(encodeModel(build().toModel({ system: "test" }))))).toBe(true);
});

test("equal constants are one value, named ones stay apart", () => {
  const graph = new Graph();
  expect(graph.constant([1, 2], [2])).toBe(graph.constant(Float32Array.of(1, 2), [2]));
  expect(graph.scalar(1)).not.toBe(graph.scalar(1, "int64"));
  expect(graph.constant([1, 2], [2], "float32", "weight").name).toBe("weight");
  expect(() => graph.constant([1], [1], "float32", "weight")).toThrow(/"weight" is taken already/);
});

test("an output may be an input, a constant, or a value shown twice", async () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  const y = add(x, 1);
  graph.output("same", x);
  graph.output("fixed", graph.constant([7], [1]));
  graph.output("y", y);
  graph.output("again", y);
  const results = await (await createSession(graph.toModel(), { threads: 1 })).run({ x: floats(Float32Array.of(1, 2), [2]) });
  expect(Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]))).toEqual({ same: [1, 2], fixed: [7], y: [2, 3], again: [2, 3] });
});

test("prints one line for every node", () => {
  const lines = printGraph(build()).split("\n");
  expect(lines[0]).toBe("input x: float32[1,2,6,6]");
  expect(lines).toContain("generator/up2/Conv_0: float32[1,3,6,6] = Conv(x, w) kernel_shape=[3,3] strides=[1,1] dilations=[1,1] pads=[1,1,1,1] group=1");
  expect(lines.at(-2)).toMatch(/^output grad: float32\[3,2,3,3\] = /);
});

test("stopGradient and scaleGradient steer gradients and are named for other readers", async () => {
  const graph = new Graph();
  const x = graph.input("x", [3]);
  const loss = sum(add(mul(stopGradient(x), x), scaleGradient(square(x), -0.5)));
  graph.output("grad", gradient(loss, [x])[0]!);
  graph.output("loss", loss);
  const results = await (await createSession(graph.toModel(), { threads: 1 })).run({ x: floats(Float32Array.of(1, 2, 3), [3]) });
  expect([...results["grad"]!.data]).toEqual([0, 0, 0]); // x − 0.5·2x
  const names = graph.toModel().graph.nodes.filter((n) => n.op === "Identity").map((n) => n.name);
  expect(names).toEqual([expect.stringContaining("stop_gradient"), expect.stringContaining("scale_gradient:-0.5")]);
});

test("gradients of values that the loss does not reach are zeros, and no nodes are built for the others", async () => {
  const graph = new Graph();
  const [a, b] = [graph.input("a", [2]), graph.input("b", [3])];
  const loss = sum(square(a));
  const before = graph.nodes.length;
  const [db] = gradient(loss, [b]);
  expect(graph.nodes.slice(before).map((n) => n.op)).toEqual(["Expand"]);
  graph.output("db", db!);
  const results = await (await createSession(graph.toModel(), { threads: 1 })).run({ a: floats(new Float32Array(2), [2]), b: floats(new Float32Array(3), [3]) });
  expect([...results["db"]!.data]).toEqual([0, 0, 0]);
});

const mistakes: [string, (g: Graph, x: Value, w: Value) => unknown, string][] = [
  ["kernel", (_, x) => conv(x, x, { dilation: 2 }), "net/Conv: the kernel [8,8] with pads [0,0,0,0] does not fit into [2,3,8,8]."],
  ["channels", (_, x, w) => conv(x, w), "net/Conv: input has 3 channels [2,3,8,8], weight expects 2 [4,2,3,3]."],
  ["transposed", (_, x, w) => convTranspose(x, w), "net/ConvTranspose: input has 3 channels [2,3,8,8], weight expects 4 [4,2,3,3]."],
  ["broadcast", (_, x, w) => add(x, w), "net/Add: shapes [2,3,8,8] and [4,2,3,3] do not broadcast."],
  ["types", (g, x) => add(x, g.scalar(1, "int64")), "net/Add: operands are float32 [2,3,8,8] and int64 []; cast one of them."],
  ["matmul", (_, x, w) => matmul(x, w), "net/MatMul: rows of 8 elements meet columns of 3: [2,3,8,8] and [4,2,3,3]."],
  ["reshape", (_, x) => reshape(x, [5, -1]), "net/Reshape: [2,3,8,8] has 384 elements and does not fit [5,-1]."],
  ["transpose", (_, x) => transpose(x, [0, 1]), "net/Transpose: [0,1] is no permutation of the 4 axes of [2,3,8,8]."],
  ["concat", (_, x, w) => concat([x, w], 0), "net/Concat: float32 [4,2,3,3] does not join float32 [2,3,8,8] along axis 0."],
  ["split", (_, x) => split(x, [1, 1], 1), "net/Split: sizes [1,1] do not add up to axis 1 of [2,3,8,8]."],
  ["slice", (_, x) => slice(x, 4, 0, 1), "net/Slice: axis 4 is outside [2,3,8,8]."],
  ["pad", (_, x) => pad(x, [[0, 1]]), "net/Pad: 1 pairs given for [2,3,8,8]; one pair for each axis is needed."],
  ["expand", (_, x) => expand(x, [2, 3, 8, 9]), "net/Expand: [2,3,8,8] does not expand to [2,3,8,9]."],
  ["gather", (_, x) => gather(x, [0, 3], 1), "net/Gather: index 3 is outside axis 1 of [2,3,8,8]."],
  ["where", (_, x) => where(x, 1, 0), "net/Where: the condition is float32 [2,3,8,8], expected bool."],
  ["pool", (_, x) => averagePool(x, 9), "net/AveragePool: the window [9,9] does not fit into [2,3,8,8]."],
  ["resize", (_, x) => resizeBilinear(x, 1.5), "net/Resize: the scale is 1.5, expected a whole number ≥ 1."],
  ["grid", (_, x, w) => gridSample(x, w, { padding: "zeros" }), "net/GridSample: the grid has shape [4,2,3,3], expected [2,I,J,2] for the image [2,3,8,8]."],
  ["padding of a pool", (_, x) => maxPool(x, 2, 2, [1, -1]), "net/MaxPool: padding 1,-1 does not suit the spatial axes of [2,3,8,8]; whole numbers ≥ 0, one or one for each axis."],
  ["global pool", (_, x) => globalAveragePool(reshape(x, [6, 64])), "net/GlobalAveragePool: input [6,64], expected [N,C,…] with at least one spatial axis and no empty one."],
  ["resize to", (_, x) => resizeBilinearTo(x, [4, 0]), "net/Resize: the size is [4,0], expected two whole numbers ≥ 1."],
  ["reflect", (_, x) => padReflect(x, [[0, 0], [0, 0], [8, 0], [0, 0]]), "net/Pad: amounts [0,0] [0,0] [8,0] [0,0] must be whole numbers ≥ 0 and below the lengths of [2,3,8,8]."],
  ["edge", (_, x) => padEdge(x, [[0, 1]]), "net/Pad: 1 pairs given for [2,3,8,8]; one pair for each axis is needed."],
  ["tile", (_, x) => tile(x, [2]), "net/Tile: [2] copies of [2,3,8,8]; one whole number ≥ 1 for each axis is needed."],
  ["pixelShuffle", (_, x) => pixelShuffle(x, 2), "net/DepthToSpace: 3 channels of [2,3,8,8] do not divide into squares of 2 × 2."],
  ["pixelUnshuffle", (_, x) => pixelUnshuffle(x, 3), "net/SpaceToDepth: pixels of [2,3,8,8] do not divide into squares of 3 × 3."],
  ["elu", (_, x) => elu(x, 0), "net/Elu: alpha is 0, expected a number above 0."],
  ["prelu", (g, x) => prelu(x, g.constant([1, 2, 3], [3])), "net/PRelu: the slopes [3] do not broadcast to [2,3,8,8]."],
  ["and", (_, x) => and(greater(x, 0), x), "net/And: expects bool, got bool [2,3,8,8] and float32 [2,3,8,8]."],
  ["cumSum", (_, x) => cumSum(x, 4), "net/CumSum: axis 4 is outside [2,3,8,8]."],
  ["argMax", (_, x) => argMax(x, -5), "net/ArgMax: axis -5 is outside [2,3,8,8]."],
  ["l2Norm", (_, x) => l2Norm(x, { axes: [7] }), "net/ReduceL2: axis 7 is outside [2,3,8,8]."],
  ["sum", (_, x) => sum(x, { axes: [1, -3] }), "net/ReduceSum: axes [1,-3] name one axis twice."],
  ["graphs", (_, x) => add(x, new Graph().input("y", [1])), "net/Add: its inputs belong to different graphs."],
  ["loss", (_, x) => gradient(x, [x]), 'net/gradient: the loss "x" is float32 [2,3,8,8], expected one float. Sum or average it.'],
  ["no gradient", (_, x) => gradient(sum(x), [greater(x, 0)]), "net/gradient: "],
];

test.each(mistakes)("refuses when the graph is built: %s", (_, wrong, message) => {
  const graph = new Graph();
  const x = graph.input("x", [2, 3, 8, 8]);
  const w = graph.input("w", [4, 2, 3, 3]);
  expect(() => graph.scope("net", () => wrong(graph, x, w))).toThrow(message);
});
