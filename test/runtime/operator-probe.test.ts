import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { add, log } from "../../src/graph/ops/arithmetic.js";
import { cast } from "../../src/graph/ops/compare.js";
import { conv } from "../../src/graph/ops/conv.js";
import { split } from "../../src/graph/ops/layout.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { operatorsOf, probeOperator, relativeError } from "../../src/runtime/operator-probe.js";
import { floats } from "../../src/runtime/tensor.js";

function graph(side: number): Graph {
  const g = new Graph();
  const x = cast(g.input("x", [1, 4, side, side], "uint8"), "float32");
  const weight = g.input("w", [20, 1, 3, 3]);
  const y = conv(log(add(x, 1)), weight, { groups: 4 });
  g.output("y", sum(y));
  split(y, [4, 16], 1).forEach((part, i) => g.output(`part${i}`, part));
  return g;
}

describe("probes of operators", () => {
  test("take the smallest node of each kind, alone", () => {
    const uses = operatorsOf([["large", graph(8)], ["small", graph(5)]]);
    expect(uses.map(({ op, types, where }) => [op, types, where.split(":")[0]])).toEqual([
      ["Add", "float32 -> float32", "small"],
      ["Cast", "uint8 -> float32", "small"],
      ["Conv", "float32 -> float32", "small"],
      ["Log", "float32 -> float32", "small"],
      ["ReduceSum", "float32, int64 -> float32", "small"],
      ["Split", "float32, int64 -> float32", "small"],
    ]);
    for (const { model } of uses) expect(model.graph.nodes).toHaveLength(1);
  });

  test("pass where the numbers are right, and say what is wrong", async () => {
    const [first, ...others] = operatorsOf([["graph", graph(5)]]);
    for (const use of [first!, ...others]) expect(await probeOperator(use, "cpu")).toMatchObject({ op: use.op, problem: "", error: 0 });
    const [node] = first!.model.graph.nodes;
    const nonsense = { ...first!, model: { ...first!.model, graph: { ...first!.model.graph, nodes: [{ ...node!, op: "Nonsense" }] } } };
    expect(await probeOperator(nonsense, "cpu")).toMatchObject({ error: null, problem: expect.stringContaining("Nonsense") as string });
  });

  test("measure errors relative to the output, and none that is hidden by one that is no number", () => {
    const of = (...numbers: number[]): Parameters<typeof relativeError>[0] => ({ y: floats(Float32Array.from(numbers), [numbers.length]) });
    expect(relativeError(of(3, 4), of(3, 4))).toBe(0);
    expect(relativeError(of(3, 4), of(3, 4.5))).toBeCloseTo(0.1);
    expect(relativeError(of(3, 4), of(3, NaN))).toBeNaN();
  });
});
