import { expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { adam, adamDefaults } from "../../src/nn/adam.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";

it("follows Adam's equations with clipping and decoupled decay", async () => {
  const options = { ...adamDefaults, decay: 0.1, clip: 1 };
  const graph = new Graph();
  const vector = (name: string) => graph.input(name, [3]);
  const next = adam({ theta: vector("theta"), m: vector("m"), v: vector("v") }, vector("grad"), graph.input("step", []), graph.input("rate", []), options);
  for (const [name, value] of Object.entries(next)) graph.output(`next.${name}`, value);
  const session = await createSession(graph.toModel());

  let theta = [0.5, -1, 2];
  let m = [0, 0, 0];
  let v = [0, 0, 0];
  const feed: Record<"theta" | "m" | "v", Float32Array> = { theta: Float32Array.from(theta), m: new Float32Array(3), v: new Float32Array(3) };
  for (let step = 1; step <= 4; step++) {
    const grad = [0.3 * step, -2, 0.1];
    const norm = Math.hypot(...grad);
    const clipped = grad.map((g) => g * Math.min(1, options.clip / norm));
    m = m.map((x, i) => options.beta1 * x + (1 - options.beta1) * clipped[i]!);
    v = v.map((x, i) => options.beta2 * x + (1 - options.beta2) * clipped[i]! ** 2);
    theta = theta.map((x, i) => x * (1 - 0.01 * options.decay) - (0.01 * (m[i]! / (1 - options.beta1 ** step))) / (Math.sqrt(v[i]! / (1 - options.beta2 ** step)) + options.epsilon));
    const out = await session.run({
      theta: floats(feed.theta, [3]), m: floats(feed.m, [3]), v: floats(feed.v, [3]), grad: floats(Float32Array.from(grad), [3]),
      step: floats(new Float32Array([step]), []), rate: floats(new Float32Array([0.01]), []),
    });
    expect(out["next.norm"]!.data[0]).toBeCloseTo(norm, 5);
    feed.theta = out["next.theta"]!.data as Float32Array;
    feed.m = out["next.m"]!.data as Float32Array;
    feed.v = out["next.v"]!.data as Float32Array;
    theta.forEach((x, i) => expect(feed.theta[i]).toBeCloseTo(x, 5));
  }
});
