import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import type { Value } from "../../src/graph/value.js";
import {
  binaryCrossEntropy,
  binaryCrossEntropyOfProbability,
  confusion,
  contrastive,
  cosineDistance,
  crossEntropy,
  featureMatching,
  hingeDiscriminator,
  hingeGenerator,
  l1,
  l2,
  leastSquaresDiscriminator,
  leastSquaresGenerator,
  marginContrastive,
  totalVariation,
} from "../../src/nn/losses.js";
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

  it("of scores and classes have their textbook values", async () => {
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    const entropy = (p: number, t: number): number => -t * Math.log(p) - (1 - t) * Math.log(1 - p);
    const average = (xs: number[]): number => xs.reduce((total, x) => total + x, 0) / xs.length;
    const [scores, targets] = [[2, -1, 0.5], [1, 0, 0.9]];
    expect(await evaluate((g) => binaryCrossEntropy(g.constant(scores, [3]), g.constant(targets, [3])))).toBeCloseTo(average(scores.map((x, i) => entropy(sigmoid(x), targets[i]!))), 5);
    expect(await evaluate((g) => binaryCrossEntropy(g.constant([100, -100], [2]), 1))).toBeCloseTo(50, 4);
    expect(await evaluate((g) => binaryCrossEntropyOfProbability(g.constant([0.2, 0.9], [2]), 1))).toBeCloseTo(average([entropy(0.2, 1), entropy(0.9, 1)]), 5);
    expect(await evaluate((g) => binaryCrossEntropyOfProbability(g.constant([0, 1], [2]), g.constant([1, 0], [2])))).toBeLessThan(17);
    const rows = [1, 2, 3, 0, 0, 5];
    const own = (row: number[], k: number): number => Math.log(row.reduce((total, x) => total + Math.exp(x), 0)) - row[k]!;
    const expected = average([own(rows.slice(0, 3), 2), own(rows.slice(3), 0)]);
    expect(await evaluate((g) => crossEntropy(g.constant(rows, [2, 3]), g.constant([2, 0], [2], "int64")))).toBeCloseTo(expected, 5);
    expect(await evaluate((g) => crossEntropy(g.constant(rows, [2, 3]), g.constant([2, 0], [2], "int32")))).toBeCloseTo(expected, 5);
    expect(await evaluate((g) => confusion(g.constant([7, 7, 7, 7], [2, 2])))).toBeCloseTo(0, 6);
    expect(await evaluate((g) => confusion(g.constant([30, 0], [1, 2])))).toBeCloseTo(0.5, 5);
    expect(await evaluate((g) => leastSquaresDiscriminator(g.constant([0.5], [1]), g.constant([0.5, 1], [2])))).toBeCloseTo((0.25 + 0.625) / 2, 6);
    expect(await evaluate((g) => leastSquaresGenerator(g.constant([0.5, -1], [2])))).toBeCloseTo((0.25 + 4) / 4, 6);
  });

  it("of pictures and codes have their textbook values", async () => {
    // columns 1 2 / 3 5: differences 1, 2 across and 2, 3 down
    expect(await evaluate((g) => totalVariation(g.constant([1, 2, 3, 5], [1, 1, 2, 2])))).toBeCloseTo(1.5 + 2.5, 6);
    expect(await evaluate((g) => featureMatching([g.constant([1, 3], [2]), g.constant([0], [1])], [g.constant([2, 3], [2]), g.constant([4], [1])]))).toBeCloseTo((0.5 + 4) / 2, 6);
    // unit rows: equal, at a right angle (distance √2 beyond the margin 1), at 60 degrees (distance 1 inside the margin 1.5)
    const pair = (x: number[], y: number[], same: number, margin: number) => evaluate((g) => marginContrastive(g.constant(x, [1, 2]), g.constant(y, [1, 2]), g.constant([same], [1]), margin));
    expect(await pair([1, 0], [2, 0], 1, 1)).toBeCloseTo(0, 4);
    expect(await pair([1, 0], [0, 1], 1, 1)).toBeCloseTo(2, 4);
    expect(await pair([1, 0], [0, 1], 0, 1)).toBeCloseTo(0, 5);
    expect(await pair([1, 0], [0.5, Math.sqrt(0.75)], 0, 1.5)).toBeCloseTo(0.25, 4);
  });

  it("refuse scores and classes that do not match", () => {
    const g = new Graph();
    expect(() => crossEntropy(g.input("scores", [2, 3]), g.input("classes", [3], "int64"))).toThrow("crossEntropy: scores [2,3] and classes [3], expected [N,K] and [N].");
  });

  it("have checked gradients", async () => {
    await checkGradient("binaryCrossEntropy", [[6], [6]], (_, [x, t]) => binaryCrossEntropy(x!, t!));
    await checkGradient("binaryCrossEntropyOfProbability", [[4]], (_, [x]) => binaryCrossEntropyOfProbability(x!, 0.3), { values: [Float32Array.of(0.2, 0.5, 0.7, 0.4)], step: 1e-3 });
    await checkGradient("crossEntropy", [[2, 3]], (g, [x]) => crossEntropy(x!, g.constant([2, 0], [2], "int64")));
    await checkGradient("confusion", [[3, 4]], (_, [x]) => confusion(x!));
    await checkGradient("leastSquares", [[3], [4]], (_, [x, y]) => leastSquaresDiscriminator(x!, y!));
    await checkGradient("leastSquaresGenerator", [[3]], (_, [x]) => leastSquaresGenerator(x!));
    await checkGradient("marginContrastive", [[4, 3], [4, 3]], (g, [x, y]) => marginContrastive(x!, y!, g.constant([1, 0, 1, 0], [4]), 2.5), { step: 3e-3 });
    const spaced = Float32Array.from({ length: 12 }, (_, i) => ((i * 5) % 12) * 0.4);
    await checkGradient("totalVariation", [[1, 1, 3, 4]], (_, [x]) => totalVariation(x!), { values: [spaced] });
    await checkGradient("featureMatching", [[12]], (g, [x]) => featureMatching([g.constant(spaced.map((v) => v + 0.3), [12])], [x!]), { values: [spaced] });
    await checkGradient("contrastive", [[4, 3], [4, 3]], (_, [x, y]) => contrastive(x!, y!, 1), { step: 3e-3 });
    await checkGradient("cosine", [[4, 3], [4, 3]], (_, [x, y]) => cosineDistance(x!, y!), { step: 3e-3 });
  });
});
