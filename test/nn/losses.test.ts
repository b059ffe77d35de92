import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import type { Value } from "../../src/graph/value.js";
import { contrastive, cosineDistance, hingeDiscriminator, hingeGenerator, l1, l2 } from "../../src/nn/losses.js";
import { createSession } from "../../src/runtime/session.js";
import { checkGradient } from "../support/gradcheck.js";

async function evaluate(build: (graph: Graph) => Value): Promise<number> {
  const graph = new Graph();
  graph.output("y", build(graph));
  return (await (await createSession(graph.toModel())).run({}))["y"]!.data[0] as number;
}

describe("losses", () => {
  const a = [1, 2, 3, 4];
  const b = [1, 0, 0, 4];
  it("have their textbook values", async () => {
    expect(await evaluate((g) => l1(g.constant(a, [2, 2]), g.constant(b, [2, 2])))).toBeCloseTo(5 / 4, 6);
    expect(await evaluate((g) => l2(g.constant(a, [2, 2]), g.constant(b, [2, 2])))).toBeCloseTo(13 / 4, 6);
    expect(await evaluate((g) => cosineDistance(g.constant([1, 0, 0, 2], [2, 2]), g.constant([0, 3, 0, 5], [2, 2])))).toBeCloseTo(0.5, 5);
    expect(await evaluate((g) => hingeDiscriminator(g.constant([2, 0], [2]), g.constant([-2, 0], [2])))).toBeCloseTo(1, 6);
    expect(await evaluate((g) => hingeGenerator(g.constant([0], [1])))).toBeCloseTo(Math.log(2), 6);
    // rows (1,0),(0,1) against themselves at temperature 1: -log(e / (e + 1)) in both directions
    const unit = [1, 0, 0, 1];
    expect(await evaluate((g) => contrastive(g.constant(unit, [2, 2]), g.constant(unit, [2, 2]), 1))).toBeCloseTo(-Math.log(Math.E / (Math.E + 1)), 4);
  });

  it("have checked gradients", async () => {
    await checkGradient("contrastive", [[4, 3], [4, 3]], (_, [x, y]) => contrastive(x!, y!, 1), { step: 3e-3 });
    await checkGradient("cosine", [[4, 3], [4, 3]], (_, [x, y]) => cosineDistance(x!, y!), { step: 3e-3 });
  });
});
