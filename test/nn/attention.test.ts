import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { square } from "../../src/graph/ops/arithmetic.js";
import { multiHead, scaledDotProduct, selfAttention } from "../../src/nn/attention.js";
import { initialValues } from "../../src/nn/params.js";
import { checkGradient, normals } from "../support/gradcheck.js";
import { checkLayer, runLayer, tableOf, worst, type Network } from "../support/layer-check.js";

const none = { theta: new Float32Array(0), state: new Float32Array(0), mode: "deployed" as const };

describe("attention", () => {
  it("averages the values by the similarity of queries and keys; a mask takes pairs out", async () => {
    const [q, k, v] = [Float32Array.of(1, 0), Float32Array.of(2, 0, 0, 2, -2, 0), Float32Array.of(10, 20, 40)];
    const shapes = [[1, 2], [3, 2], [3, 1]];
    const weights = [2, 0, -2].map((s) => Math.exp(s / Math.SQRT2));
    const mean = (w: number[]): number => w.reduce((total, x, i) => total + x * v[i]!, 0) / w.reduce((a, b) => a + b, 0);
    const all = await runLayer(shapes, (_, [a, b, c]) => scaledDotProduct(a!, b!, c!), [q, k, v], none);
    expect(all.y[0]).toBeCloseTo(mean(weights), 4);
    const masked = await runLayer(shapes, (_, [a, b, c]) => scaledDotProduct(a!, b!, c!, a!.graph.constant([-1e9, 0, 0], [1, 3])), [q, k, v], none);
    expect(masked.y[0]).toBeCloseTo(mean([0, weights[1]!, weights[2]!]), 4);
  });

  it("has checked gradients", async () => {
    await checkGradient("scaledDotProduct", [[2, 3, 4], [2, 5, 4], [2, 5, 2]], (_, [q, k, v]) => square(scaledDotProduct(q!, k!, v!)), { step: 3e-3 });
    await checkLayer("multiHead", [[2, 3, 4]], (p, [x]) => square(multiHead(p, "a", x!, { heads: 2 })), { step: 3e-3 });
    await checkLayer("multiHead with memory", [[2, 3, 4], [2, 5, 6]], (p, [x, memory]) => square(multiHead(p, "a", x!, { heads: 2, memory: memory! })), { step: 3e-3 });
    const map: Network = (p, [x]) => square(selfAttention(p, "a", x!));
    const theta = normals(new Random(3), tableOf([[2, 8, 3, 2]], map).size);
    await checkLayer("selfAttention", [[2, 8, 3, 2]], map, { step: 3e-3, theta });
  });

  it("of a causal mask looks at no later step", async () => {
    const shapes = [[1, 4, 4]];
    const build: Network = (p, [x]) => multiHead(p, "a", x!, { heads: 2, mask: x!.graph.constant(Array.from({ length: 16 }, (_, i) => (i % 4 > Math.floor(i / 4) ? -1e9 : 0)), [4, 4]) });
    const parts = { theta: initialValues(tableOf(shapes, build), 1), state: none.state, mode: "deployed" as const };
    const x = normals(new Random(4), 16);
    const changed = x.slice();
    changed.fill(3, 12); // the last step
    const [a, b] = [await runLayer(shapes, build, [x], parts), await runLayer(shapes, build, [changed], parts)];
    expect(worst(a.y.slice(0, 12), b.y.slice(0, 12))).toBe(0);
    expect(worst(a.y.slice(12), b.y.slice(12))).toBeGreaterThan(0.1);
  });

  it("between places starts as the identity", async () => {
    const build: Network = (p, [x]) => selfAttention(p, "a", x!);
    const shapes = [[1, 8, 3, 3]];
    const x = normals(new Random(5), 72);
    const { y } = await runLayer(shapes, build, [x], { ...none, theta: initialValues(tableOf(shapes, build), 1) });
    expect(worst(y, x)).toBe(0);
  });

  it("refuses heads that do not divide, and rows", () => {
    expect(() => tableOf([[1, 4, 5]], (p, [x]) => multiHead(p, "a", x!, { heads: 2 }))).toThrow("multiHead: rows of 5 elements do not divide into 2 heads.");
    expect(() => tableOf([[1, 4]], (p, [x]) => multiHead(p, "a", x!, { heads: 2 }))).toThrow("multiHead: input [1,4] and memory [1,4], expected [B,T,D] and [B,S,E].");
    expect(() => tableOf([[1, 4, 5]], (p, [x]) => selfAttention(p, "a", x!))).toThrow("selfAttention: input [1,4,5], expected [N,C,H,W].");
  });
});
