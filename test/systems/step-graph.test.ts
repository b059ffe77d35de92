import { describe, expect, it } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import type { Graph } from "../../src/graph/graph.js";
import { defaultRule } from "../../src/nn/optimizers/settings.js";
import { initialValues, placesOf } from "../../src/nn/params.js";
import { createSession, type Session } from "../../src/runtime/session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";
import type { Config } from "../../src/systems/et-gan-acw/config.js";
import { lossGraph } from "../../src/systems/graphs.js";
import { buildPhase, paramTables } from "../../src/systems/phase-graph.js";
import { findSystem } from "../../src/systems/registry.js";
import { gradientGraph, gradientName, stepGraph } from "../../src/systems/step-graph.js";
import type { Phase } from "../../src/systems/system.js";
import { initialState } from "../../src/train/state.js";
import { MeanGradientRunner } from "../../src/train/step/mean-gradient.js";
import { SingleRunner } from "../../src/train/step/single.js";
import { randomFeeds, stateFeeds, weightFeeds } from "../support/feeds.js";

const system = findSystem("et-gan-acw");
const config = system.presets["tiny"] as Config;
const tables = paramTables(system, config);
const phaseOf = (name: string): Phase<unknown> => system.phases.find((phase) => phase.name === name)!;
const only = (feeds: Readonly<Record<string, Tensor>>, session: Session): Record<string, Tensor> => Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]!]));

describe("the training step", () => {
  it("is the same in one graph and in two", async () => {
    const phase = phaseOf("adversarial");
    const settings = { system, config, phase, rule: defaultRule, device: "cpu", accumulate: 1, stepsPerRun: 1 } as const;
    const [one, two] = [initialState(tables, defaultRule, 0), initialState(tables, defaultRule, 0)];
    const [single, halves] = [await SingleRunner.open(settings, one), await MeanGradientRunner.open(settings, two)];
    const shapes = await createSession(stepGraph(system, config, phase).toModel(), { training: true });
    const batch = randomFeeds(shapes, config.size, 1);
    for (const step of [1, 2]) {
      const pace = { step, rate: 1e-3, memory: 0.9 };
      const [[a], [b]] = [await single.run([batch], [pace]), await halves.run([batch], [pace])];
      expect(Object.keys(b!).sort()).toEqual(Object.keys(a!).sort());
      for (const [name, value] of Object.entries(a!)) expect(Math.abs(b![name]! / value - 1) < 1e-4 || b![name] === value, `${name} ${value} ${b![name]}`).toBe(true);
    }
    expect([...two.keys()]).toEqual([...one.keys()]);
    // the same nodes, summed by threads in another order; Adam's first steps are the rate in size, whatever a gradient's size
    for (const [name, vector] of one) expect(largestDifference(vector, two.get(name)!), name).toBeLessThan(1e-4);
    expect(largestDifference(two.get("theta.generator")!, initialState(tables, defaultRule, 0).get("theta.generator")!)).toBeGreaterThan(1e-3);
    await Promise.all([single.close(), halves.close()]);
  });

  it("holds both sides of the game: each group gets the gradient of its own loss and none of the other's", async () => {
    const phase = phaseOf("adversarial");
    const joint = await createSession(gradientGraph(system, config, phase).toModel(), { training: true });
    const feeds: Record<string, Tensor> = { ...randomFeeds(joint, config.size, 2), ...weightFeeds(joint, tables) };
    const both = await joint.run(feeds);
    for (const group of phase.groups) {
      const alone = await createSession(lossGraph(system, config, phase, group, "grad").toModel(), { training: true });
      const theta = initialValues(tables.get(group)!, 0);
      const { grad } = await alone.run({ ...only({ ...feeds, ...stateFeeds(alone, tables), theta: floats(theta, [theta.length]) }, alone) });
      const own = grad!.data as Float32Array;
      const shared = new Float32Array(own.length);
      for (const [name, { offset }] of placesOf(tables.get(group)!)) shared.set((both[gradientName(group, name)]?.data as Float32Array | undefined) ?? [], offset);
      expect(Math.sqrt(own.reduce((sum, x) => sum + x * x, 0)), group).toBeGreaterThan(1e-3);
      expect(largestDifference(shared, own), group).toBeLessThan(1e-4); // the same sums in another order
    }

    // and of the other group's loss: nothing at all
    const { graph, result, weights } = buildPhase(phase, config, tables, { training: true });
    for (const { group, loss } of result.losses) {
      const others = phase.groups.filter((other) => other !== group);
      gradient(loss, others.flatMap((other) => [...weights.get(other)!.values()])).forEach((leak, i) => graph.output(`leak.${group}.${others[i]!}`, leak));
    }
    const session = await createSession(graph.toModel(), { training: true });
    const leaks = Object.entries(await session.run(only({ ...feeds, ...stateFeeds(session, tables) }, session)));
    expect(leaks.map(([name]) => name)).toEqual(["leak.generator.discriminator", "leak.discriminator.generator"]);
    for (const [name, { data }] of leaks) expect((data as Float32Array).every((x) => x === 0), name).toBe(true);
  });

  it("runs the generator once for both sides, and once more for other people's heads", () => {
    const convolutions = (graph: Graph): number => graph.toModel().graph.nodes.filter(({ op, name }) => op === "Conv" && name.startsWith("generator/")).length;
    const once = convolutions(lossGraph(system, config, phaseOf("render"), "generator", "forward"));
    expect(once).toBeGreaterThan(5);
    expect(convolutions(stepGraph(system, { ...config, without: ["cross"] }, phaseOf("adversarial")))).toBe(once);
    expect(convolutions(stepGraph(system, config, phaseOf("adversarial")))).toBe(2 * once);
  });
});

/** Of matching elements, relative to those above 1. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!) / Math.max(1, Math.abs(x))), 0);
}
