import { describe, expect, it } from "vitest";
import { provenAliases } from "../../src/graph/alias.js";
import { Graph } from "../../src/graph/graph.js";
import { iterations, loopModel } from "../../src/graph/loop.js";
import { decodeModel, encodeModel, type OnnxModel } from "../../src/graph/onnx.js";
import { add, mul } from "../../src/graph/ops/arithmetic.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { createSession } from "../../src/runtime/session.js";
import { floats, tensorOf } from "../../src/runtime/tensor.js";

const carried = [{ input: "state", output: "next" }];

/** next = state · factor + batch, beside it the sum of next. */
function model(): OnnxModel {
  const graph = new Graph();
  const next = add(mul(graph.input("state", [2]), graph.input("factor", [])), graph.input("batch", [2]));
  graph.output("next", next);
  graph.output("total", sum(mul(next, graph.constant([1, 10], [2])), { axes: [0], keepDims: false }));
  return loopModel(graph.toModel(), { carried, stacked: ["batch"], most: 3 });
}

const feeds = { state: floats(Float32Array.of(1, 2), [2]), factor: floats(Float32Array.of(2), []), batch: floats(Float32Array.of(1, 1, 0, 5, 3, 3), [3, 2]) };

describe("a graph in a loop", () => {
  it("carries state, takes the iteration's own batch and stacks the other outputs", async () => {
    const session = await createSession(decodeModel(encodeModel(model()), "loop"));
    const out = await session.run({ ...feeds, [iterations]: tensorOf("int64", [3], []) });
    // (1, 2) -> (3, 5) -> (6, 15) -> (15, 33)
    expect([...(out["next"]!.data as Float32Array)]).toEqual([15, 33]);
    expect(out["total"]).toMatchObject({ shape: [3], data: Float32Array.of(53, 156, 345) });
  });

  it("runs as often as it is told to", async () => {
    const session = await createSession(model());
    const out = await session.run({ ...feeds, [iterations]: tensorOf("int64", [2], []) });
    expect([...(out["next"]!.data as Float32Array)]).toEqual([6, 15]);
    expect(out["total"]!.shape).toEqual([2]);
  });

  it("may write its state over what it was fed with", async () => {
    expect(provenAliases(model(), carried)).toEqual(carried);
    const state = floats(Float32Array.of(1, 2), [2]);
    await (await createSession(model())).run({ ...feeds, state, [iterations]: tensorOf("int64", [3], []) }, { into: { next: state } });
    expect([...(state.data as Float32Array)]).toEqual([15, 33]);
  });

  it("refuses names that the graph does not have", () => {
    const graph = new Graph();
    graph.output("y", add(graph.input("x", [1]), 1));
    expect(() => loopModel(graph.toModel(), { carried, stacked: [], most: 2 })).toThrow(/no "state" to loop over/);
  });
});
