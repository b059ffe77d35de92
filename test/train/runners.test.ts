import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { Graph } from "../../src/graph/graph.js";
import { mul, square, sub } from "../../src/graph/ops/arithmetic.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { optimizerSchema, updateRule } from "../../src/nn/optimizers/settings.js";
import { oneProcess } from "../../src/runtime/ranks.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem } from "../../src/systems/registry.js";
import { stepGraph } from "../../src/systems/step-graph.js";
import { initialState, renewals, type TrainState } from "../../src/train/state.js";
import { FeedbackBuffers } from "../../src/train/step/feedback.js";
import { MeanGradientRunner } from "../../src/train/step/mean-gradient.js";
import { OnDeviceRunner } from "../../src/train/step/on-device.js";
import { openRunner } from "../../src/train/step/open.js";
import type { Batch, Figures, StepSettings } from "../../src/train/step/runner.js";
import { normals } from "../support/gradcheck.js";
import { toySystem } from "../support/toy-system.js";

const rule = updateRule(optimizerSchema.parse({ name: "adamw", decay: 0.01 }));
const [plain, normalised] = [toySystem(false), toySystem(true)];
const random = new Random(9);
const batchOf = (n: number): Batch => ({ x: floats(normals(random, 3 * n), [n, 3]), y: floats(normals(random, 2 * n), [n, 2]) });
const batches = Array.from({ length: 6 }, () => batchOf(4));
const poisoned: Batch = { ...batches[1]!, x: floats((batches[1]!["x"]!.data as Float32Array).with(2, Number.NaN), [4, 3]) };
const together = (parts: readonly Batch[]): Batch => {
  const joined = (name: string): Float32Array => Float32Array.from(parts.flatMap((part) => [...(part[name]!.data as Float32Array)]));
  return { x: floats(joined("x"), [4 * parts.length, 3]), y: floats(joined("y"), [4 * parts.length, 2]) };
};

/** State and figures after one run per element of `runs`, each with so many updates' worth of batches. */
async function follow(settings: Partial<StepSettings>, runs: readonly (readonly Batch[])[]): Promise<{ state: TrainState; figures: Figures[] }> {
  const { system = plain } = settings;
  const state = initialState(paramTables(system, 4), rule, 1);
  const runner = await openRunner({ system, config: 4, phase: system.phases[0]!, rule, device: "cpu", accumulate: 1, stepsPerRun: 1, ...settings }, state);
  const figures: Figures[] = [];
  for (const run of runs) {
    const updates = run.length / runner.batchesPerUpdate;
    figures.push(...(await runner.run(run, Array.from({ length: updates }, (_, i) => ({ step: figures.length + i + 1, rate: 0.02 / (figures.length + i + 1), memory: 0.9 })))));
  }
  expect(runner.seconds).toBeGreaterThan(0);
  await runner.close();
  return { state, figures };
}

function difference(a: TrainState, b: TrainState): number {
  expect([...a.keys()]).toEqual([...b.keys()]);
  return Math.max(...[...a].map(([name, vector]) => vector.reduce((most, x, i) => Math.max(most, Math.abs(x - b.get(name)![i]!)), 0)));
}

describe("training steps", () => {
  it("in place give the same state, bit for bit, as from one set of vectors into another", async () => {
    const runs = batches.map((batch) => [batch]);
    const [inPlace, swapped] = [await follow({}, runs), await follow({ inPlace: false }, runs)];
    expect(difference(inPlace.state, swapped.state)).toBe(0);
    expect(inPlace.figures).toEqual(swapped.figures);
    expect(inPlace.figures[5]!["loss.net"]).toBeLessThan(inPlace.figures[0]!["loss.net"]!);
  });

  it("in a loop equal as many single ones, also where the last run is shorter", async () => {
    const single = await follow({}, batches.map((batch) => [batch]));
    for (const inPlace of [true, false]) {
      const looped = await follow({ stepsPerRun: 4, inPlace }, [batches.slice(0, 4), batches.slice(4)]);
      // the same nodes on the same numbers: nothing but another order of sums could differ
      expect(difference(looped.state, single.state)).toBeLessThan(1e-6);
      looped.figures.forEach((figures, i) => Object.entries(figures).forEach(([name, value]) => expect(value, `${name} of step ${i}`).toBeCloseTo(single.figures[i]![name]!, 5)));
      expect(Object.keys(looped.figures[0]!).sort()).toEqual(Object.keys(single.figures[0]!).sort());
    }
  });

  it("of three batches equal one of a batch three times as large", async () => {
    const wide = await follow({ config: 12 }, [[together(batches.slice(0, 3))], [together(batches.slice(3))]]);
    const summed = await follow({ accumulate: 3 }, [batches.slice(0, 3), batches.slice(3)]);
    // sums in another order
    expect(difference(summed.state, wide.state)).toBeLessThan(1e-5);
    for (const name of ["loss.net", "norm.net", "shifted"]) expect(summed.figures[1]![name], name).toBeCloseTo(wide.figures[1]![name]!, 5);
    expect(difference(summed.state, (await follow({ accumulate: 3, inPlace: false }, [batches.slice(0, 3), batches.slice(3)])).state)).toBe(0);
  });

  it("in two halves equal whole ones", async () => {
    for (const system of [plain, normalised]) {
      const state = initialState(paramTables(system, 4), rule, 1);
      const runner = await MeanGradientRunner.open({ system, config: 4, phase: system.phases[0]!, rule, device: "cpu", accumulate: 1, stepsPerRun: 1 }, state);
      for (const [i, batch] of batches.entries()) await runner.run([batch], [{ step: i + 1, rate: 0.02 / (i + 1), memory: 0.9 }]);
      await runner.close();
      expect(difference(state, (await follow({ system }, batches.map((batch) => [batch]))).state)).toBeLessThan(1e-6);
    }
  });

  it("with the state elsewhere bring it back when they are asked", async () => {
    const state = initialState(paramTables(normalised, 4), rule, 1);
    const initial = initialState(paramTables(normalised, 4), rule, 1);
    const runner = await OnDeviceRunner.open({ system: normalised, config: 4, phase: normalised.phases[0]!, rule, device: "cpu", accumulate: 1, stepsPerRun: 1 }, state);
    for (const [i, batch] of batches.entries()) await runner.run([batch], [{ step: i + 1, rate: 0.02 / (i + 1), memory: 0.9 }]);
    expect(difference(state, initial)).toBe(0);
    await runner.collect();
    expect(difference(state, (await follow({ system: normalised }, batches.map((batch) => [batch]))).state)).toBeLessThan(1e-6);
    await runner.close();
  });

  it("on a poisoned batch change nothing and say so; the next one goes on from the state before", async () => {
    const before = await follow({}, [[batches[0]!]]);
    for (const settings of [{}, { inPlace: false }]) {
      const spoilt = await follow(settings, [[batches[0]!], [poisoned]]);
      expect(difference(spoilt.state, before.state)).toBe(0);
      expect(spoilt.figures.map((figures) => figures["skipped.net"])).toEqual([0, 1]);
      const after = await follow(settings, [[batches[0]!], [poisoned], [batches[2]!]]);
      expect(after.figures[2]!["skipped.net"]).toBe(0);
      expect(difference(after.state, before.state)).toBeGreaterThan(1e-4);
      expect([...after.state.values()].every((vector) => vector.every(Number.isFinite))).toBe(true);
      const looped = await follow({ ...settings, stepsPerRun: 3 }, [[batches[0]!, poisoned, batches[2]!]]);
      expect(difference(looped.state, after.state)).toBeLessThan(1e-6);
      expect(looped.figures.map((figures) => figures["skipped.net"])).toEqual([0, 1, 0]);
    }
    const summed = await follow({ accumulate: 2 }, [[batches[0]!, poisoned]]);
    expect(difference(summed.state, initialState(paramTables(plain, 4), rule, 1))).toBe(0);
    expect(summed.figures[0]!["skipped.net"]).toBe(1);
  });

  it("carry what layers measure from batch to batch, whichever way they run", async () => {
    const single = await follow({ system: normalised }, batches.map((batch) => [batch]));
    const looped = await follow({ system: normalised, stepsPerRun: 6 }, [batches]);
    const swapped = await follow({ system: normalised, inPlace: false }, batches.map((batch) => [batch]));
    const initial = initialState(paramTables(normalised, 4), rule, 1);
    expect(single.state.get("state.net")).not.toEqual(initial.get("state.net"));
    expect(difference(looped.state, single.state)).toBeLessThan(1e-6);
    expect(difference(swapped.state, single.state)).toBe(0);
    const one = await follow({ system: normalised, accumulate: 2 }, [batches.slice(0, 2)]);
    const other = await follow({ system: normalised, accumulate: 2, inPlace: false }, [batches.slice(0, 2)]);
    expect(difference(one.state, other.state)).toBe(0);
    expect(one.state.get("state.net")).not.toEqual(initial.get("state.net"));
  });

  it("refuse to be looped and accumulated at once, looped in several processes, and looped on WebGPU", async () => {
    await expect(follow({ ranks: { ...oneProcess, size: 2 }, stepsPerRun: 2 }, [])).rejects.toThrow(/--steps-per-run does not go with several processes/);
    await expect(follow({ accumulate: 2, stepsPerRun: 2 }, [])).rejects.toMatchObject({ code: "usage" });
    await expect(follow({ stepsPerRun: 2, device: "webgpu" }, [])).rejects.toMatchObject({ code: "usage" });
  });
});

describe("vectors in place", () => {
  it("are all of the state in every phase of ET-GAN-ACW", () => {
    const system = findSystem("et-gan-acw");
    const config = system.presets["tiny"];
    const state = initialState(paramTables(system, config), rule, 0);
    for (const phase of system.phases) {
      const model = stepGraph(system, config, phase, rule).toModel();
      const buffers = new FeedbackBuffers(model, state, renewals(model));
      expect(buffers.doubled, phase.name).toEqual([]);
    }
  });

  it("are refused where someone else may read them late: those keep two buffers, and every number is right", async () => {
    const graph = new Graph();
    const [theta, calm] = [graph.input("theta", [3]), graph.input("calm", [3])];
    graph.output("next.theta", sub(theta, 1));
    graph.output("norm", sum(square(theta), { axes: [0], keepDims: false })); // no ancestor of next.theta
    graph.output("next.calm", mul(calm, 2));
    const model = graph.toModel();
    const vectors = new Map([["theta", Float32Array.of(1, 2, 3)], ["calm", Float32Array.of(1, 1, 1)]]);
    const buffers = new FeedbackBuffers(model, vectors, ["theta", "calm"].map((input) => ({ input, output: `next.${input}` })));
    expect(buffers.doubled).toEqual(["theta"]);
    const session = await createSession(model, { training: true });
    const norms: number[] = [];
    for (let i = 0; i < 3; i++) {
      const out = await session.run(Object.fromEntries([...vectors].map(([name, data]) => [name, floats(data, [3])])), { into: buffers.targets() });
      buffers.turn();
      norms.push(Number(out["norm"]!.data[0]));
    }
    expect(norms).toEqual([14, 5, 2]);
    expect([...vectors.get("theta")!]).toEqual([-2, -1, 0]);
    expect([...vectors.get("calm")!]).toEqual([8, 8, 8]);
  });
});
