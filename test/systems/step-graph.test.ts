import { describe, expect, it } from "vitest";
import { createSession, type Session } from "../../src/runtime/session.js";
import type { Tensor } from "../../src/runtime/tensor.js";
import type { Config } from "../../src/systems/et-gan-acw/config.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem } from "../../src/systems/registry.js";
import { gradientGraph, stepGraph, updateGraph } from "../../src/systems/step-graph.js";
import type { Phase } from "../../src/systems/system.js";
import { randomFeeds, scalar, stateFeeds } from "../support/feeds.js";

const system = findSystem("et-gan-acw");
const config = system.presets["tiny"] as Config;
const tables = paramTables(system, config);
const phaseOf = (name: string): Phase<unknown> => system.phases.find((phase) => phase.name === name)!;
const only = (feeds: Readonly<Record<string, Tensor>>, session: Session): Record<string, Tensor> => Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]!]));

describe("the training step", () => {
  it("is the same in one graph and in two", async () => {
    const phase = phaseOf("adversarial");
    const [step, gradients, updates] = await Promise.all([stepGraph, gradientGraph, updateGraph].map((build) => createSession(build(system, config, phase).toModel(), { training: true })));
    const feeds: Record<string, Tensor> = { ...randomFeeds(step!, config.size, 1), ...stateFeeds(step!, tables), step: scalar(1), rate: scalar(1e-3), memory: scalar(0.9) };
    const whole = await step!.run(feeds);
    const first = await gradients!.run(only(feeds, gradients!));
    const second = await updates!.run(only({ ...feeds, ...first }, updates!));
    expect(Object.keys({ ...first, ...second }).filter((name) => !name.startsWith("grad.")).sort()).toEqual(Object.keys(whole).sort());
    for (const [name, { data }] of Object.entries(whole)) {
      // the same nodes, summed by threads in another order
      expect(largestDifference(data as Float32Array, (first[name] ?? second[name])!.data as Float32Array), name).toBeLessThan(1e-5);
    }
    expect(second["next.theta.generator"]!.data).not.toEqual(feeds["theta.generator"]!.data);
  });
});

/** Of matching elements, relative to those above 1. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!) / Math.max(1, Math.abs(x))), 0);
}
