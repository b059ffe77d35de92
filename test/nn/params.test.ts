import { describe, expect, it } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { square } from "../../src/graph/ops/arithmetic.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { activate, linear } from "../../src/nn/layers.js";
import { declareParams, initialValues, type Params, paramsFromVector, paramsFromWeights, placesOf } from "../../src/nn/params.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";

const net = (p: Params): void => {
  const x = p.graph.constant([1, 2, 3], [1, 3]);
  linear(p, "a", x, { out: 2 });
  linear(p, "unused", x, { out: 4 });
};

describe("parameters", () => {
  it("are laid out in order of use and start from streams of their own names", () => {
    const table = declareParams(net);
    expect(table.specs.map((s) => s.name)).toEqual(["a/weight", "a/bias", "unused/weight", "unused/bias"]);
    expect(table.size).toBe(6 + 2 + 12 + 4);
    const more = declareParams((p) => {
      linear(p, "first", p.graph.constant([1], [1, 1]), { out: 1 });
      net(p);
    });
    const place = placesOf(more).get("a/weight")!;
    expect(initialValues(more, 3).slice(place.offset, place.offset + place.size)).toEqual(initialValues(table, 3).slice(0, 6));
  });

  it("give the same network from a vector and from constants, and zero gradient where unused or frozen", async () => {
    const build = (p: Params) => sum(square(activate(linear(p, "a", p.graph.constant([1, 2, 3], [1, 3]), { out: 2 }))));
    const table = declareParams(net);
    const theta = initialValues(table, 1);
    const vector = new Graph();
    const input = vector.input("theta", [table.size]);
    const loss = build(paramsFromVector(input, table));
    vector.output("loss", loss);
    vector.output("grad", gradient(loss, [input])[0]!);
    const run = await (await createSession(vector.toModel())).run({ theta: floats(theta, [table.size]) });

    const fixed = new Graph();
    fixed.output("loss", build(paramsFromWeights(fixed, table, theta)));
    const same = await (await createSession(fixed.toModel())).run({});
    expect(run["loss"]!.data[0]).toBeCloseTo(same["loss"]!.data[0] as number, 5);
    const grad = run["grad"]!.data as Float32Array;
    expect(grad.slice(0, 8).some((g) => g !== 0)).toBe(true);
    expect(grad.slice(8).every((g) => g === 0)).toBe(true);

    const frozen = new Graph();
    const again = frozen.input("theta", [table.size]);
    frozen.output("grad", gradient(build(paramsFromVector(again, table).frozen()), [again])[0]!);
    const still = await (await createSession(frozen.toModel())).run({ theta: floats(theta, [table.size]) });
    expect((still["grad"]!.data as Float32Array).every((g) => g === 0)).toBe(true);
  });
});
