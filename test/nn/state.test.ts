import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { add, mul, square, sub } from "../../src/graph/ops/arithmetic.js";
import { mean } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";
import { linear } from "../../src/nn/layers.js";
import { batchNorm, spectralWeight } from "../../src/nn/norms.js";
import { declareParams, initialValues, type Params, paramsFromVector, paramsFromWeights, type ParamTable, placesOf } from "../../src/nn/params.js";
import { stateFromVector } from "../../src/nn/state.js";
import { createSession, type Session } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { normals } from "../support/gradcheck.js";
import { worst } from "../support/layer-check.js";

const net = (p: Params, x: Value): Value => linear(p, "out", batchNorm(p, "norm", x), { out: 2, spectral: true });

/** A gradient step by hand: theta and state go in, their next values come out. */
async function trainer(table: ParamTable, shape: readonly number[], build: (p: Params, x: Value) => Value): Promise<Session> {
  const graph = new Graph();
  const theta = graph.input("theta", [table.size]);
  const vector = graph.input("state", [table.state.size]);
  const state = stateFromVector(vector, table.state, "training");
  const loss = mean(square(sub(build(paramsFromVector(theta, table, state), graph.input("x", shape)), 1)));
  const [slope] = gradient(loss, [theta]) as [Value];
  graph.output("loss", loss);
  graph.output("next.theta", sub(theta, mul(slope, 0.1)));
  graph.output("next.state", state.next());
  return createSession(graph.toModel(), { training: true });
}

describe("state", () => {
  const shape = [8, 3];
  const table = declareParams((p) => net(p, p.graph.input("x", shape)));

  it("is laid out by name beside the parameters", () => {
    expect(table.specs.map(({ name }) => name)).toEqual(["norm/weight", "norm/bias", "out/weight", "out/bias"]);
    expect(table.state.specs.map(({ name }) => name)).toEqual(["norm/mean", "norm/variance", "out/u"]);
    expect([...initialValues(table.state, 1).slice(0, 6)]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("moves with the batches of a step graph, and a deployed network uses what it became", async () => {
    const random = new Random(2);
    const session = await trainer(table, shape, net);
    let theta = initialValues(table, 1);
    let state = initialValues(table.state, 1);
    const running = { mean: [0, 0, 0], variance: [1, 1, 1] };
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      const x = normals(random, 24).map((v, i) => v * (1 + (i % 3)) + (i % 3) * 2); // deviations 1 2 3, means 0 2 4
      for (let c = 0; c < 3; c++) {
        const column = Array.from(x).filter((_, i) => i % 3 === c);
        const average = column.reduce((a, b) => a + b, 0) / 8;
        const variance = column.reduce((a, b) => a + (b - average) ** 2, 0) / 7;
        running.mean[c] = 0.9 * running.mean[c]! + 0.1 * average;
        running.variance[c] = 0.9 * running.variance[c]! + 0.1 * variance;
      }
      const out = await session.run({ theta: floats(theta, [table.size]), state: floats(state, [table.state.size]), x: floats(x, shape) });
      theta = out["next.theta"]!.data as Float32Array;
      state = out["next.state"]!.data as Float32Array;
      losses.push(out["loss"]!.data[0] as number);
    }
    await session.release();
    expect(worst(state.slice(0, 6), [...running.mean, ...running.variance])).toBeLessThan(1e-4);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);

    const graph = new Graph();
    graph.output("y", net(paramsFromWeights(graph, table, theta, state), graph.input("x", [1, 3])));
    const deployed = await createSession(graph.toModel());
    const x = Float32Array.of(1, 2, -3);
    const { y } = await deployed.run({ x: floats(x, [1, 3]) });
    const places = placesOf(table);
    const part = (name: string): Float32Array => theta.slice(places.get(name)!.offset, places.get(name)!.offset + places.get(name)!.size);
    const unit = x.map((v, c) => ((v - running.mean[c]!) / Math.sqrt(running.variance[c]! + 1e-5)) * part("norm/weight")[c]! + part("norm/bias")[c]!);
    const weight = part("out/weight");
    const sigma = largestSingularValue(weight, 3, 2);
    const expected = [0, 1].map((j) => unit.reduce((total, v, i) => total + (v * weight[2 * i + j]!) / sigma, 0) + part("out/bias")[j]!);
    expect(worst(y!.data as Float32Array, expected)).toBeLessThan(1e-3);
  });

  it("of a layer used twice takes both batches in turn; frozen and inference uses leave it", async () => {
    const twice = (p: Params, x: Value): Value => add(batchNorm(p, "norm", x), batchNorm(p, "norm", mul(x, 2)));
    const judged = (p: Params, x: Value): Value => add(batchNorm(p.frozen(), "norm", x), batchNorm(p.inference(), "norm", x));
    const x = normals(new Random(5), 24);
    const stateAfter = async (build: (p: Params, x: Value) => Value): Promise<Float32Array> => {
      const own = declareParams((p) => build(p, p.graph.input("x", shape)));
      const session = await trainer(own, shape, build);
      const out = await session.run({ theta: floats(initialValues(own, 1), [own.size]), state: floats(initialValues(own.state, 1), [6]), x: floats(x, shape) });
      return out["next.state"]!.data as Float32Array;
    };
    const averages = [0, 1, 2].map((c) => Array.from(x).filter((_, i) => i % 3 === c).reduce((a, b) => a + b, 0) / 8);
    expect(worst((await stateAfter(twice)).slice(0, 3), averages.map((m) => 0.9 * 0.1 * m + 0.1 * 2 * m))).toBeLessThan(1e-5);
    expect([...(await stateAfter(judged))]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("of spectral weights finds the largest singular value", async () => {
    const own = declareParams((p) => spectralWeight(p, p.get("w", [4, 2, 3], { kind: "normal", deviation: 1 })));
    const graph = new Graph();
    const theta = graph.input("theta", [own.size]);
    const state = stateFromVector(graph.input("state", [4]), own.state, "training");
    const p = paramsFromVector(theta, own, state);
    graph.output("y", spectralWeight(p, p.get("w", [4, 2, 3], { kind: "normal", deviation: 1 })));
    graph.output("next", state.next());
    const session = await createSession(graph.toModel());
    const weight = initialValues(own, 4);
    let u = initialValues(own.state, 4);
    let y = weight;
    for (let i = 0; i < 40; i++) {
      const out = await session.run({ theta: floats(weight, [24]), state: floats(u, [4]) });
      u = out["next"]!.data as Float32Array;
      y = out["y"]!.data as Float32Array;
    }
    const sigma = largestSingularValue(weight, 4, 6);
    expect(worst(y, weight.map((w) => w / sigma))).toBeLessThan(1e-4);
  });

  it("is refused where a graph was given none, or another size", () => {
    const graph = new Graph();
    const p = paramsFromVector(graph.input("theta", [table.size]), table);
    expect(() => net(p, graph.input("x", shape))).toThrow("norm/mean is state, and this graph was given none");
    expect(() => stateFromVector(graph.input("state", [4]), table.state, "training")).toThrow("the state is [4], expected [9]");
    expect(() => paramsFromWeights(graph, table, new Float32Array(table.size))).toThrow("state: 0 numbers, expected 9.");
  });
});

function largestSingularValue(matrix: Float32Array, rows: number, columns: number): number {
  let v = Array.from({ length: columns }, (_, i) => 1 + 0.3 * i);
  let sigma = 0;
  for (let k = 0; k < 500; k++) {
    const u = Array.from({ length: rows }, (_, i) => v.reduce((total, x, j) => total + x * matrix[i * columns + j]!, 0));
    const w = v.map((_, j) => u.reduce((total, x, i) => total + x * matrix[i * columns + j]!, 0));
    sigma = Math.sqrt(Math.hypot(...w) / Math.hypot(...v));
    v = w.map((x) => x / Math.hypot(...w));
  }
  return sigma;
}
