/**
 * State vectors in place against two sets that are swapped: the update of the default ET-GAN-ACW's generator, both ways in turn.
 * Argument: rounds (20).
 */
import { createSession } from "../src/runtime/session.js";
import { floats } from "../src/runtime/tensor.js";
import { defaultRule } from "../src/nn/optimizers/settings.js";
import { paramTables } from "../src/systems/phase-graph.js";
import { findSystem } from "../src/systems/registry.js";
import { updateGraph } from "../src/systems/step-graph.js";
import { renewals } from "../src/train/state.js";
import { FeedbackBuffers } from "../src/train/step/feedback.js";
import { scalars } from "../src/train/step/session.js";

export async function run([rounds = "20"]: readonly string[]): Promise<Record<string, string | number>> {
  const system = findSystem("et-gan-acw");
  const config = system.presets["default"];
  const size = paramTables(system, config).get("generator")!.size;
  const model = updateGraph(size).toModel();
  const session = await createSession(model, { training: true });
  const grad = floats(Float32Array.from({ length: size }, (_, i) => Math.sin(i) * 1e-3), [size]);
  const ways = [true, false].map((inPlace) => {
    const state = new Map(["theta", "average", ...defaultRule.optimizer.moments].map((name) => [name, new Float32Array(size)]));
    return { state, buffers: new FeedbackBuffers(model, state, renewals(model), inPlace), milliseconds: [] as number[] };
  });
  for (let round = 0; round < Number(rounds); round++) {
    for (const { state, buffers, milliseconds } of ways) {
      const vectors = Object.fromEntries(session.inputs.flatMap(({ name }) => (state.has(name) ? [[name, floats(state.get(name)!, [size])]] : [])));
      const feeds = { ...vectors, grad, ...scalars({ norm: 1, loss: 1, step: round + 1, rate: 1e-3, memory: 0.99 }) };
      const started = performance.now();
      await session.run(feeds, { into: buffers.targets() });
      milliseconds.push(performance.now() - started);
      buffers.turn();
    }
  }
  const [inPlace, swapped] = ways.map(({ milliseconds }) => [...milliseconds].sort((a, b) => a - b)[milliseconds.length >> 1]!) as [number, number];
  const extra = ways.map(({ buffers }) => buffers.doubled.length * size * 4) as [number, number];
  const [a, b] = ways.map(({ state }) => state.get("theta")!) as [Float32Array, Float32Array];
  return {
    parameters: size,
    in_place_ms: inPlace.toFixed(2),
    swapped_ms: swapped.toFixed(2),
    ratio: (inPlace / swapped).toFixed(3),
    in_place_extra_mb: (extra[0] / 1e6).toFixed(1),
    swapped_extra_mb: (extra[1] / 1e6).toFixed(1),
    difference: a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0),
  };
}
