import { describe, expect, it } from "vitest";
import { add, square } from "../../src/graph/ops/arithmetic.js";
import { mean } from "../../src/graph/ops/reduce.js";
import { donskerVaradhanInformation, jensenShannonInformation, klDivergence, sampleGaussian } from "../../src/nn/distributions.js";
import { checkGradient } from "../support/gradcheck.js";
import { runLayer, type Network } from "../support/layer-check.js";

async function number(inputs: readonly number[][], shape: readonly number[], build: Network): Promise<number> {
  const none = new Float32Array(0);
  const { y } = await runLayer(inputs.map(() => shape), build, inputs.map((x) => Float32Array.from(x)), { mode: "deployed", theta: none, state: none });
  return y[0]!;
}

describe("Gaussians", () => {
  const [m, s, n, t] = [[0.5, -1, 2, 0], [0.2, -0.3, 0, 1], [0, 1, 1, -1], [0.4, 0.1, -1, 0]];
  it("have the Kullback-Leibler divergence of an integral", async () => {
    const got = await number([m, s, n, t], [2, 2], (_, [a, b, c, d]) => klDivergence({ mean: a!, logVariance: b! }, { mean: c!, logVariance: d! }));
    const expected = [0, 1, 2, 3].reduce((total, i) => total + divergence(m[i]!, s[i]!, n[i]!, t[i]!), 0) / 2;
    expect(got).toBeCloseTo(expected, 4);
    const standard = await number([m, s], [2, 2], (_, [a, b]) => klDivergence({ mean: a!, logVariance: b! }));
    expect(standard).toBeCloseTo([0, 1, 2, 3].reduce((total, i) => total + divergence(m[i]!, s[i]!, 0, 0), 0) / 2, 4);
  });

  it("have checked gradients", async () => {
    const shapes = Array.from({ length: 4 }, () => [3, 2]);
    await checkGradient("klDivergence", shapes, (_, [a, b, c, d]) => klDivergence({ mean: a!, logVariance: b! }, { mean: c!, logVariance: d! }), { step: 3e-3 });
    await checkGradient("klDivergence to the standard", shapes.slice(2), (_, [a, b]) => klDivergence({ mean: a!, logVariance: b! }), { step: 3e-3 });
    await checkGradient("sampleGaussian", shapes.slice(1), (_, [a, b, noise]) => square(sampleGaussian({ mean: a!, logVariance: b! }, noise!)), { step: 3e-3 });
  });
});

describe("estimates of mutual information", () => {
  const [joint, marginal] = [[3, 2, 1, 2], [-1, 0, -2, 1]];
  it("have their textbook values", async () => {
    const softplus = (x: number): number => Math.log1p(Math.exp(x));
    const average = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
    expect(await number([joint, marginal], [4], (_, [a, b]) => jensenShannonInformation(a!, b!))).toBeCloseTo(-average(joint.map((x) => softplus(-x))) - average(marginal.map(softplus)), 5);
    expect(await number([joint, marginal], [4], (_, [a, b]) => donskerVaradhanInformation(a!, b!))).toBeCloseTo(average(joint) - Math.log(average(marginal.map(Math.exp))), 5);
  });

  it("have checked gradients", async () => {
    await checkGradient("jensenShannonInformation", [[2, 3], [4, 1]], (_, [a, b]) => jensenShannonInformation(a!, b!));
    await checkGradient("donskerVaradhanInformation", [[2, 3], [4, 1]], (_, [a, b]) => add(donskerVaradhanInformation(a!, b!), mean(square(a!))));
  });
});

/** KL of two normal distributions by the midpoint rule. */
function divergence(m: number, logS: number, n: number, logT: number): number {
  const [s, t] = [Math.exp(logS / 2), Math.exp(logT / 2)];
  const steps = 20000;
  const width = (20 * s) / steps;
  let total = 0;
  for (let i = 0; i < steps; i++) {
    const x = m - 10 * s + (i + 0.5) * width;
    const log = (centre: number, deviation: number): number => -((x - centre) ** 2) / (2 * deviation ** 2) - Math.log(deviation * Math.sqrt(2 * Math.PI));
    total += Math.exp(log(m, s)) * (log(m, s) - log(n, t)) * width;
  }
  return total;
}
