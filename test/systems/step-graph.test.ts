import { describe, expect, it } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import type { Graph } from "../../src/graph/graph.js";
import { createSession, type Session } from "../../src/runtime/session.js";
import type { Tensor } from "../../src/runtime/tensor.js";
import type { Config } from "../../src/systems/et-gan-acw/config.js";
import { lossGraph } from "../../src/systems/graphs.js";
import { buildPhase, paramTables } from "../../src/systems/phase-graph.js";
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

  it("holds both sides of the game: each group gets the gradient of its own loss and none of the other's", async () => {
    const phase = phaseOf("adversarial");
    const joint = await createSession(gradientGraph(system, config, phase).toModel(), { training: true });
    const feeds: Record<string, Tensor> = { ...randomFeeds(joint, config.size, 2), ...stateFeeds(joint, tables) };
    const both = await joint.run(feeds);
    for (const group of phase.groups) {
      const alone = await createSession(lossGraph(system, config, phase, group, "grad").toModel(), { training: true });
      const { grad } = await alone.run(only({ ...feeds, theta: feeds[`theta.${group}`]! }, alone));
      const [own, shared] = [grad!.data as Float32Array, both[`grad.${group}`]!.data as Float32Array];
      expect(Math.sqrt(own.reduce((sum, x) => sum + x * x, 0)), group).toBeGreaterThan(1e-3);
      expect(largestDifference(shared, own), group).toBeLessThan(1e-4); // the same sums in another order
    }

    // and of the other group's loss: nothing at all
    const { graph, result, thetas } = buildPhase(phase, config, tables, { training: true });
    for (const { group, loss } of result.losses) {
      const others = phase.groups.filter((other) => other !== group);
      gradient(loss, others.map((other) => thetas.get(other)!)).forEach((leak, i) => graph.output(`leak.${group}.${others[i]!}`, leak));
    }
    const session = await createSession(graph.toModel(), { training: true });
    const leaks = Object.entries(await session.run(only(feeds, session)));
    expect(leaks.map(([name]) => name)).toEqual(["leak.generator.discriminator", "leak.discriminator.generator"]);
    for (const [name, { data }] of leaks) expect((data as Float32Array).every((x) => x === 0), name).toBe(true);
  });

  it("runs the generator once for both sides", () => {
    const convolutions = (graph: Graph): number => graph.toModel().graph.nodes.filter(({ op, name }) => op === "Conv" && name.startsWith("generator/")).length;
    const once = convolutions(lossGraph(system, config, phaseOf("render"), "generator", "forward"));
    expect(once).toBeGreaterThan(5);
    expect(convolutions(stepGraph(system, config, phaseOf("adversarial")))).toBe(once);
  });
});

/** Of matching elements, relative to those above 1. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!) / Math.max(1, Math.abs(x))), 0);
}
