import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { Graph } from "../../src/graph/graph.js";
import { update } from "../../src/nn/optimizers/optimizer.js";
import { optimizerNames, optimizerSchema, updateRule } from "../../src/nn/optimizers/settings.js";
import { createSession, type Session } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { normals } from "../support/gradcheck.js";
import { findTorch } from "../support/torch-check.js";

const python = findTorch();
const size = 40;

/** An update as a session of its own: inputs and outputs by plain names. */
async function sessionOf(settings: object): Promise<Session> {
  const rule = updateRule(optimizerSchema.parse(settings));
  const graph = new Graph();
  const vector = (name: string) => graph.input(name, [size]);
  const scalar = (name: string) => graph.input(name, []);
  const moments = new Map(rule.optimizer.moments.map((name) => [name, vector(name)]));
  const next = update(rule, { theta: vector("theta"), average: vector("average"), moments }, { grad: vector("grad"), loss: scalar("loss"), step: scalar("step"), rate: scalar("rate"), memory: scalar("memory") });
  graph.output("next.theta", next.theta);
  graph.output("next.average", next.average!);
  for (const [name, value] of next.moments) graph.output(`next.${name}`, value);
  graph.output("norm", next.norm);
  graph.output("skipped", next.skipped);
  return createSession(graph.toModel(), { threads: 1 });
}

interface Step {
  readonly grad: Float32Array;
  readonly rate?: number;
  readonly loss?: number;
}

/** Runs steps from theta and returns the state and figures after each. */
async function follow(session: Session, theta: Float32Array, steps: readonly Step[]): Promise<Record<string, Float32Array>[]> {
  let state: Record<string, Float32Array> = Object.fromEntries(session.outputs.flatMap(({ name }) => (name.startsWith("next.") ? [[name.slice(5), new Float32Array(size)]] : [])));
  state = { ...state, theta, average: theta };
  const history: Record<string, Float32Array>[] = [];
  for (const [i, { grad, rate = 0.01, loss = 1 }] of steps.entries()) {
    const scalars = { step: i + 1, rate, loss, memory: 0.9 };
    const feeds = { ...state, grad };
    const out = await session.run({
      ...Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, floats(data, [size])])),
      ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, floats(new Float32Array([value]), [])])),
    });
    state = Object.fromEntries(Object.keys(state).map((name) => [name, out[`next.${name}`]!.data as Float32Array]));
    history.push({ ...state, norm: out["norm"]!.data as Float32Array, skipped: out["skipped"]!.data as Float32Array });
  }
  return history;
}

const random = new Random(4);
const start = normals(random, size);
const grads = Array.from({ length: 6 }, (_, i) => normals(random, size).map((x) => x * (i + 1) * 0.1));

describe("optimizers", () => {
  const cases = [
    ["Adam", { name: "adam", beta2: 0.999, decay: 0.1 }, { betas: [0.9, 0.999], weight_decay: 0.1 }],
    ["AdamW", { name: "adamw", beta1: 0.5, beta2: 0.99, decay: 0.2, clip: 0 }, { betas: [0.5, 0.99], weight_decay: 0.2 }],
    ["RMSprop", { name: "rmsprop", alpha: 0.9, decay: 0.1 }, { alpha: 0.9, weight_decay: 0.1 }],
    ["RMSprop", { name: "rmsprop", momentum: 0.8, clip: 0.5 }, { momentum: 0.8 }],
    ["SGD", { name: "sgd", clip: 0 }, {}],
    ["SGD", { name: "sgd", momentum: 0.9, decay: 0.05 }, { momentum: 0.9, weight_decay: 0.05 }],
  ] as const;
  // float32 on both sides, six steps: rounding only
  it.skipIf(python === null)("move as PyTorch's (skipped where python3 has no torch)", async () => {
    const jobs = cases.map(([kind, settings, options]) => ({ kind, options: { lr: 0.01, ...options }, clip: optimizerSchema.parse(settings).clip, theta: [...start], grads: grads.map((g) => [...g]) }));
    const wanted = JSON.parse(execFileSync(python as string, [join(import.meta.dirname, "../support/optimizers_torch.py")], { encoding: "utf8", input: JSON.stringify(jobs) })) as number[][][];
    for (const [j, [, settings]] of cases.entries()) {
      const history = await follow(await sessionOf(settings), start, grads.map((grad) => ({ grad })));
      history.forEach(({ theta }, i) => expect(Math.max(...theta!.map((x, k) => Math.abs(x - wanted[j]![i]![k]!))), `${JSON.stringify(settings)}, step ${i + 1}`).toBeLessThan(2e-6));
    }
  });

  it("keep a moving average of the weights and tell the norm before clipping", async () => {
    const [first, second] = await follow(await sessionOf({ name: "adam" }), start, [{ grad: grads[4]! }, { grad: grads[5]! }]);
    expect(first!["norm"]![0]).toBeCloseTo(Math.hypot(...grads[4]!), 4);
    expect(Math.hypot(...grads[4]!)).toBeGreaterThan(1);
    second!["average"]!.forEach((x, i) => expect(x).toBeCloseTo(0.9 * (0.9 * start[i]! + 0.1 * first!["theta"]![i]!) + 0.1 * second!["theta"]![i]!, 5));
  });

  for (const name of optimizerNames) {
    it(`${name}: a step that is not finite leaves every vector as it was, bit for bit, and says so`, async () => {
      const session = await sessionOf({ name, momentum: 0.9, decay: 0.1 });
      const spoilt = grads[1]!.with(7, Number.NaN);
      const steps: Step[] = [{ grad: grads[0]! }, { grad: spoilt }, { grad: grads[1]!.with(3, -Infinity) }, { grad: grads[1]!, rate: Infinity }, { grad: grads[1]!, loss: Number.NaN }, { grad: grads[2]! }];
      const history = await follow(session, start, steps);
      expect(history.map(({ skipped }) => skipped![0])).toEqual([0, 1, 1, 1, 1, 0]);
      const vectors = Object.keys(history[0]!).filter((key) => key !== "norm" && key !== "skipped");
      for (const vector of vectors) {
        for (const skipped of [1, 2, 3, 4]) expect(history[skipped]![vector], vector).toEqual(history[0]![vector]);
        expect(history[5]![vector]!.every(Number.isFinite), vector).toBe(true);
        expect(history[5]![vector], vector).not.toEqual(history[0]![vector]);
      }
    });
  }
});
