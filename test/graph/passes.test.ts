/** Passes: what each takes away, and that results keep every bit. ONNX Runtime's own optimizations are off here. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { encodeGraph } from "../../src/graph/encode.js";
import { gradient } from "../../src/graph/gradient.js";
import { apply, Graph } from "../../src/graph/graph.js";
import { encodeModel, type OnnxAttribute, type OnnxModel } from "../../src/graph/onnx.js";
import { leakyRelu, sigmoid, tanh } from "../../src/graph/ops/activation.js";
import { abs, add, clip, div, maximum, mul, neg, sqrt, square, sub } from "../../src/graph/ops/arithmetic.js";
import { floor, greater, where } from "../../src/graph/ops/compare.js";
import { scaleGradient, stopGradient } from "../../src/graph/ops/flow.js";
import { gather } from "../../src/graph/ops/gather.js";
import { concat, expand, flip, indices, pad, reshape, slice, split, transpose } from "../../src/graph/ops/layout.js";
import { matmul, swapLast } from "../../src/graph/ops/matmul.js";
import { mean, softmax, sum } from "../../src/graph/ops/reduce.js";
import { fold } from "../../src/graph/passes/fold.js";
import { liveNodes } from "../../src/graph/passes/live.js";
import { simplify } from "../../src/graph/passes/simplify.js";
import type { Operator, Value } from "../../src/graph/value.js";
import { lossGraph } from "../../src/systems/graphs.js";
import { findSystem } from "../../src/systems/registry.js";
import { runTalkface } from "../support/command.js";
import { normals } from "../support/gradcheck.js";

/** The graph as it was built: dead nodes alone are left out. */
function asBuilt(graph: Graph): OnnxModel {
  return encodeGraph(graph, {}, {
    nodes: liveNodes(graph.outputs.values(), graph.nodes),
    outputs: graph.outputs,
    constantData: (value) => graph.constantData(value),
  });
}

async function run(model: OnnxModel, feeds: Record<string, Tensor>): Promise<Record<string, Uint8Array>> {
  const session = await InferenceSession.create(encodeModel(model), { graphOptimizationLevel: "disabled", intraOpNumThreads: 1 });
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => {
    const { buffer, byteOffset, byteLength } = data as Float32Array;
    return [name, new Uint8Array(buffer, byteOffset, byteLength).slice()];
  }));
}

/** Operators of the nodes that are left of y = build(x [2,3,4]). */
function left(build: (x: Value, graph: Graph) => Value): string {
  const graph = new Graph();
  graph.output("y", build(graph.input("x", [2, 3, 4]), graph));
  return simplify(graph).nodes.map(({ op }) => op).join(" ");
}

/** A node as other tools write them; our own builders leave out those that change nothing. */
function node(onnx: string, inputs: readonly [Value, ...Value[]], shape: readonly number[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): Value {
  const plain: Operator<readonly Value[], null> = { onnx, infer: ([x]) => ({ dtype: x!.dtype, shape }), encode: () => attributes, vjp: null };
  return apply(plain, inputs, null);
}
const identity = (x: Value): Value => node("Identity", [x], x.shape);
const reshapeNode = (x: Value, shape: readonly number[]): Value => node("Reshape", [x, indices(x, shape)], shape);
const expandNode = (x: Value, shape: readonly number[]): Value => node("Expand", [x, indices(x, shape)], shape);

describe("skips", () => {
  test("an Identity, but none that steers gradients", () => {
    expect(left((x) => neg(identity(x)))).toBe("Neg");
    expect(left((x) => neg(stopGradient(x)))).toBe("Identity Neg");
    expect(left((x) => neg(scaleGradient(x, -0.5)))).toBe("Identity Neg");
  });

  test("a name that merely lies below a marker is no marker", () => {
    expect(left((x, graph) => graph.scopeAt("gradient/stop_gradient_0", () => neg(identity(x))))).toBe("Neg");
  });

  test("reshapes of reshapes", () => {
    expect(left((x) => neg(reshapeNode(reshapeNode(x, [24]), [4, 6])))).toBe("Reshape Neg");
    expect(left((x) => neg(reshapeNode(reshapeNode(x, [24]), [2, 3, 4])))).toBe("Neg");
    expect(left((x) => neg(reshapeNode(x, [2, 3, 4])))).toBe("Neg");
  });

  test("transposes of transposes", () => {
    expect(left((x) => neg(transpose(transpose(x, [1, 2, 0]), [2, 0, 1])))).toBe("Neg");
    expect(left((x) => neg(transpose(transpose(x, [1, 2, 0]), [1, 2, 0])))).toBe("Transpose Neg");
  });

  test("casts to the same type and expansions to the same shape", () => {
    expect(left((x) => neg(node("Cast", [x], x.shape, { to: { kind: "int", value: 1 } })))).toBe("Neg");
    expect(left((x) => neg(expandNode(x, [2, 3, 4])))).toBe("Neg");
    expect(left((x) => abs(expandNode(expandNode(x, [5, 2, 3, 4]), [6, 5, 2, 3, 4])))).toBe("Expand Abs");
  });

  test("products with ones, where they do not broadcast", () => {
    expect(left((x, graph) => neg(mul(x, graph.constant([1, 1, 1, 1], [4]))))).toBe("Neg");
    expect(left((x) => neg(div(x, 1)))).toBe("Neg");
    expect(left((x, graph) => neg(mul(x, graph.constant([1, 1], [2, 1, 1, 1]))))).toBe("Mul Neg");
    expect(left((x, graph) => neg(div(graph.scalar(1), x)))).toBe("Div Neg");
  });
});

describe("merges", () => {
  test("equal nodes, operands of sums and products in either order, results of several outputs", () => {
    expect(left((x) => mul(sigmoid(x), sigmoid(x)))).toBe("Sigmoid Mul");
    expect(left((x) => sub(add(x, neg(x)), add(neg(x), x)))).toBe("Neg Add Sub");
    expect(left((x) => sub(split(x, [1, 2], 1)[0]!, split(x, [1, 2], 1)[0]!))).toBe("Split Sub");
  });

  test("nothing that differs in operator, inputs, attributes or marker", () => {
    expect(left((x) => sub(sub(x, neg(x)), sub(neg(x), x)))).toBe("Neg Sub Sub Sub");
    expect(left((x) => sub(leakyRelu(x, 0.1), leakyRelu(x, 0.2)))).toBe("LeakyRelu LeakyRelu Sub");
    expect(left((x) => add(stopGradient(x), scaleGradient(x, 2)))).toBe("Identity Identity Add");
    expect(left((x) => add(scaleGradient(x, 2), scaleGradient(x, 3)))).toBe("Identity Identity Add");
    expect(left((x) => add(scaleGradient(x, 2), scaleGradient(x, 2)))).toBe("Identity Add");
  });
});

describe("folds", () => {
  test("small constants, into one that the graph has where it can", () => {
    expect(left((x, graph) => add(x, mul(graph.constant([1, 2, 3, 4], [4]), 2)))).toBe("Add");
    const graph = new Graph();
    const known = graph.constant([3, 3, 3], [3]);
    graph.output("y", expand(graph.scalar(3), [3]));
    expect(simplify(graph).outputs.get("y")).toBe(known);
  });

  test("no weights: they keep their names", () => {
    expect(left((x, graph) => add(x, mul(graph.constant([1, 2, 3, 4], [4], "float32", "scale"), 2)))).toBe("Mul Add");
    expect(left((x, graph) => mul(x, graph.constant([1, 1, 1, 1], [4], "float32", "gain")))).toBe("Mul");
  });

  test("no large ones", () => {
    expect(left((_, graph) => neg(expand(graph.scalar(1), [16, 17])))).toBe("Expand");
    expect(left((_, graph) => expand(neg(graph.scalar(1)), [16, 17]))).toBe("Expand");
  });

  test("float32 as the machine rounds it, int64 as C wraps it", () => {
    const float = (...data: number[]) => ({ dtype: "float32", shape: [data.length], data: Float32Array.from(data) }) as const;
    const whole = (...data: bigint[]) => ({ dtype: "int64", shape: [data.length], data: BigInt64Array.from(data) }) as const;
    const folded = (op: string, ...inputs: Parameters<typeof fold>[1]["inputs"]) => fold(op, { inputs, attributes: {}, limit: 64 })?.[0]?.data;
    expect(folded("Div", float(1), float(3))).toEqual(Float32Array.of(Math.fround(1 / 3)));
    expect(folded("Add", whole(2n ** 63n - 1n), whole(1n))).toEqual(BigInt64Array.of(-(2n ** 63n)));
    expect(folded("Div", whole(-7n), whole(2n))).toEqual(BigInt64Array.of(-3n));
    expect(folded("Div", whole(1n), whole(0n))).toBeUndefined();
    expect(folded("Slice", whole(1n, 2n, 3n, 4n), whole(-1n), whole(-(2n ** 40n)), whole(0n), whole(-2n))).toEqual(BigInt64Array.of(4n, 2n));
  });
});

/** A graph of random operators on values [2,3,4], with constants among them, and its gradient. */
function randomGraph(seed: number): Graph {
  const random = new Random(seed);
  const graph = new Graph("random");
  const shape = [2, 3, 4];
  const inputs = ["a", "b"].map((name) => graph.input(name, shape));
  const values: Value[] = [...inputs, graph.constant(normals(random, 24), shape), expand(graph.scalar(0.5), shape), expand(graph.constant([1, -2, 0.25], [3, 1]), shape)];
  const pick = (): Value => values[Math.floor(random.uniform() * values.length)]!;
  const steps: readonly (() => Value)[] = [
    () => add(pick(), pick()),
    () => sub(pick(), pick()),
    () => mul(pick(), pick()),
    () => maximum(pick(), pick()),
    () => div(pick(), add(square(pick()), 1)),
    () => tanh(pick()),
    () => neg(abs(pick())),
    () => sqrt(add(abs(pick()), 0.5)),
    () => clip(pick(), -1, 1),
    () => where(greater(pick(), pick()), pick(), pick()),
    () => sub(pick(), floor(pick())),
    () => stopGradient(pick()),
    () => scaleGradient(pick(), -2),
    () => transpose(transpose(pick(), [2, 0, 1]), [1, 2, 0]),
    () => reshapeNode(reshapeNode(pick(), [6, 4]), shape),
    () => reshape(swapLast(reshape(pick(), [6, 4])), shape),
    () => expand(mean(pick(), { axes: [1], keepDims: true }), shape),
    () => sub(pick(), sum(pick(), { axes: [2], keepDims: true })),
    () => softmax(pick(), 2),
    () => concat([slice(pick(), 1, 1, 3), slice(pick(), 1, 0, 1)], 1),
    () => slice(pad(flip(pick(), 2), [[0, 0], [1, 0], [0, 0]], 0.5), 1, 0, 3),
    () => gather(pick(), [2, 0, 2], 1),
    () => matmul(pick(), softmax(swapLast(matmul(swapLast(pick()), pick())), 1)),
    () => identity(pick()),
  ];
  for (let i = 0; i < 40; i++) values.push(steps[Math.floor(random.uniform() * steps.length)]!());
  const loss = mean(values.slice(-12).reduce((total, x) => add(total, x)));
  graph.output("loss", loss);
  graph.output("last", values.at(-1)!);
  gradient(loss, inputs).forEach((grad, i) => graph.output(`grad${i}`, grad));
  return graph;
}

test("random graphs and their gradients keep every bit, in fewer nodes", async () => {
  let [before, after] = [0, 0];
  for (let seed = 1; seed <= 24; seed++) {
    const graph = randomGraph(seed);
    const random = new Random(1000 + seed);
    const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, new Tensor("float32", normals(random, 24), [...shape])]));
    const models = [asBuilt(graph), graph.toModel()] as const;
    before += models[0].graph.nodes.length;
    after += models[1].graph.nodes.length;
    expect(await run(models[1], feeds), `seed ${seed}`).toEqual(await run(models[0], feeds));
  }
  expect(after).toBeLessThan(0.9 * before);
});

test("the same source gives the same bytes, also in another process", () => {
  const system = findSystem("et-gan-acw");
  const [phase] = system.phases;
  const build = (): Uint8Array => encodeModel(lossGraph(system, system.presets["tiny"], phase!, "generator", "grad").toModel());
  const bytes = build();
  expect(createHash("sha256").update(build()).digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
  const folder = mkdtempSync(join(tmpdir(), "talkface-bytes-"));
  try {
    const path = join(folder, "grad.onnx");
    expect(runTalkface(["graph", "--system", "et-gan-acw", "--preset", "tiny", "--phase", phase!.name, "--group", "generator", "-o", path]).status).toBe(0);
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
