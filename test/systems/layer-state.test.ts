/** State of layers (running statistics, singular vectors) through the graphs of a small adversarial system. */
import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import type { Graph } from "../../src/graph/graph.js";
import { stopGradient } from "../../src/graph/ops/flow.js";
import type { Value } from "../../src/graph/value.js";
import { activate, linear } from "../../src/nn/layers.js";
import { leastSquaresDiscriminator, leastSquaresGenerator } from "../../src/nn/losses.js";
import { batchNorm } from "../../src/nn/norms.js";
import { initialValues, type Params } from "../../src/nn/params.js";
import { createSession, type Session } from "../../src/runtime/session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";
import { deployedGraphs, sampleGraph } from "../../src/systems/graphs.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { gradientGraph, stepGraph } from "../../src/systems/step-graph.js";
import type { Phase, System } from "../../src/systems/system.js";
import { weightFeeds } from "../support/feeds.js";
import { normals } from "../support/gradcheck.js";
import { scalar } from "../support/feeds.js";
import { worst } from "../support/layer-check.js";

const generate = (p: Params, z: Value): Value => linear(p, "out", activate(batchNorm(p, "norm", linear(p, "in", z, { out: 4 }))), { out: 2 });
const judge = (p: Params, x: Value): Value => linear(p, "score", x, { out: 1, spectral: true });

const phase: Phase<unknown> = {
  name: "adversarial",
  groups: ["generator", "discriminator"],
  defaultSteps: 10,
  defaultRate: 1e-3,
  batch: () => [
    { name: "z", dtype: "float32", shape: [8, 3] },
    { name: "real", dtype: "float32", shape: [8, 2] },
  ],
  build: (_, params, batch) => {
    const fake = generate(params("generator"), batch("z"));
    const d = params("discriminator");
    return {
      losses: [
        { group: "generator", loss: leastSquaresGenerator(judge(d.frozen(), fake)) },
        { group: "discriminator", loss: leastSquaresDiscriminator(judge(d, batch("real")), judge(d, stopGradient(fake))) },
      ],
      figures: {},
      pictures: {},
    };
  },
};

const system: System = {
  name: "small",
  title: "Small",
  citation: "",
  groups: ["generator", "discriminator"],
  parseConfig: (value) => value,
  presets: {},
  phases: [phase],
  networks: [{ name: "generator", inputs: () => [{ name: "z", dtype: "float32", shape: [1, 3] }], build: (_, graph: Graph, p, inputs) => graph.output("y", generate(p, inputs("z"))) }],
};

const tables = paramTables(system, {});
const random = new Random(9);
const batch: Record<string, Tensor> = { z: floats(normals(random, 24).map((x) => 2 * x + 1), [8, 3]), real: floats(normals(random, 16), [8, 2]) };

function feedsOf(session: Session, known: Readonly<Record<string, Tensor>> = {}): Record<string, Tensor> {
  return Object.fromEntries(
    session.inputs.map(({ name, shape }) => {
      const [kind = "", group = ""] = name.split(".");
      const table = tables.get(group);
      const all: Record<string, Tensor> = { ...batch, step: scalar(1), rate: scalar(0), memory: scalar(0.5), ...known };
      if (all[name] !== undefined) return [name, all[name]];
      if (name.includes("/")) return [name, weightFeeds(session, tables, 1)[name]!];
      if (kind === "theta" || kind === "average") return [name, floats(initialValues(table!, 1), [table!.size])];
      if (kind === "state") return [name, floats(initialValues(table!.state, 1), [table!.state.size])];
      return [name, floats(new Float32Array(table!.size), shape as number[])];
    }),
  );
}

describe("state of layers", () => {
  it("has a vector for each group, which the step graph takes and returns moved", async () => {
    expect([...tables].map(([group, { state }]) => [group, state.specs.map(({ name }) => name)])).toEqual([
      ["generator", ["norm/mean", "norm/variance"]],
      ["discriminator", ["score/u"]],
    ]);
    const step = await createSession(stepGraph(system, {}, phase).toModel());
    const out = await step.run(feedsOf(step));
    for (const group of phase.groups) {
      const before = initialValues(tables.get(group)!.state, 1);
      expect(out[`next.state.${group}`]!.shape).toEqual([before.length]);
      expect(worst(out[`next.state.${group}`]!.data as Float32Array, before)).toBeGreaterThan(1e-3);
    }
    // the gradient half measures the same
    const half = await createSession(gradientGraph(system, {}, phase).toModel());
    const first = await half.run(feedsOf(half));
    expect(worst(first["next.state.generator"]!.data as Float32Array, out["next.state.generator"]!.data as Float32Array)).toBeLessThan(1e-6);
  });

  it("keeps what it had where a batch would make it infinite", async () => {
    const step = await createSession(stepGraph(system, {}, phase).toModel());
    const bad = (batch["z"]!.data as Float32Array).slice();
    bad[0] = Infinity;
    const out = await step.run(feedsOf(step, { z: floats(bad, [8, 3]) }));
    expect([...out["next.state.generator"]!.data]).toEqual([...initialValues(tables.get("generator")!.state, 1)]);
    expect(out["skipped.generator"]!.data[0]).toBe(1);
  });

  it("is what samples and deployed networks normalise with", async () => {
    const state = Float32Array.of(0.5, -1, 0, 2, 1, 0.5, 3, 2);
    const sample = await createSession(sampleGraph(system, {}, phase).toModel());
    const loss = async (state: Float32Array): Promise<number> => (await sample.run(feedsOf(sample, { "state.generator": floats(state, [8]) })))["loss.generator"]!.data[0] as number;
    expect(Math.abs((await loss(state)) - (await loss(initialValues(tables.get("generator")!.state, 1))))).toBeGreaterThan(1e-4);
    expect(sample.outputs.some(({ name }) => name.startsWith("next."))).toBe(false);

    const weights = initialValues(tables.get("generator")!, 1);
    const run = async (numbers: Float32Array): Promise<Float32Array> => {
      const session = await createSession(deployedGraphs(system, {}, weights, {}, numbers).get("generator")!);
      return (await session.run({ z: floats(Float32Array.of(1, 2, 3), [1, 3]) }))["y"]!.data as Float32Array;
    };
    expect(worst(await run(state), await run(initialValues(tables.get("generator")!.state, 1)))).toBeGreaterThan(1e-3);
    expect(() => deployedGraphs(system, {}, weights, {})).toThrow("state: 0 numbers, expected 8.");
  });
});
