import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { square } from "../../src/graph/ops/arithmetic.js";
import { convLayer, linear } from "../../src/nn/layers.js";
import { adaptiveInstanceNorm, modulate } from "../../src/nn/modulation.js";
import { batchNorm, groupNorm, instanceNorm, layerNorm } from "../../src/nn/norms.js";
import { initialValues } from "../../src/nn/params.js";
import { checkGradient, normals } from "../support/gradcheck.js";
import { checkLayer, runLayer, tableOf, worst, type Network } from "../support/layer-check.js";

const random = new Random(7);
const step = { step: 3e-3 };

describe("normalising layers", () => {
  it.each<[string, number[], Network]>([
    ["batchNorm of rows", [6, 3], (p, [x]) => square(batchNorm(p, "n", x!))],
    ["batchNorm of maps", [2, 3, 4, 5], (p, [x]) => square(batchNorm(p, "n", x!))],
    ["instanceNorm", [2, 3, 4, 5], (p, [x]) => square(instanceNorm(p, "n", x!))],
    ["groupNorm", [2, 6, 3, 4], (p, [x]) => square(groupNorm(p, "n", x!, { groups: 2 }))],
    ["layerNorm", [2, 3, 6], (p, [x]) => square(layerNorm(p, "n", x!))],
  ])("%s has a checked gradient in training and in inference", async (name, shape, build) => {
    const theta = normals(new Random(4), tableOf([shape], build).size);
    for (const mode of ["training", "inference"] as const) await checkLayer(name, [shape], build, { ...step, mode, theta });
  });

  it("modulation has a checked gradient", async () => {
    await checkGradient("modulate", [[2, 3, 4, 4], [2, 3, 1, 1], [2, 3, 4, 4]], (_, [x, gamma, beta]) => square(modulate(x!, gamma!, beta!)), step);
    await checkLayer("adaptiveInstanceNorm", [[2, 3, 4, 5], [2, 4]], (p, [x, style]) => square(adaptiveInstanceNorm(p, "style", x!, style!)), step);
  });

  it("spectral weights have a checked gradient", async () => {
    await checkLayer("spectral linear", [[3, 5]], (p, [x]) => square(linear(p, "l", x!, { out: 4, spectral: true })), { ...step, mode: "inference" });
    await checkLayer("spectral conv", [[2, 3, 5, 5]], (p, [x]) => square(convLayer(p, "c", x!, { out: 4, kernel: 3, spectral: true })), { ...step, mode: "inference" });
  });

  it("groups of one channel are instances, one group is a layer", async () => {
    const x = normals(random, 2 * 6 * 12);
    const shape = [2, 6, 3, 4];
    const parts = { theta: Float32Array.of(1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0), state: new Float32Array(0), mode: "training" as const };
    const groups = await runLayer([shape], (p, [v]) => groupNorm(p, "n", v!, { groups: 6 }), [x], parts);
    const instances = await runLayer([shape], (p, [v]) => instanceNorm(p, "n", v!), [x], parts);
    expect(worst(groups.y, instances.y)).toBeLessThan(1e-5);
    const one = await runLayer([shape], (p, [v]) => groupNorm(p, "n", v!, { groups: 1 }), [x], parts);
    const layer = await runLayer([[2, 72]], (p, [v]) => layerNorm(p, "n", v!), [x], { ...parts, theta: Float32Array.from({ length: 144 }, (_, i) => (i < 72 ? 1 : 0)) });
    expect(worst(one.y, layer.y)).toBeLessThan(1e-5);
  });

  it("a deployed batch norm is one node and equals the running form of a training graph", async () => {
    const shapes = [[2, 3, 6, 6]];
    const build: Network = (p, [x]) => batchNorm(p, "n", convLayer(p, "c", x!, { out: 4, kernel: 3 }));
    const table = tableOf(shapes, build);
    const theta = initialValues(table, 1);
    const state = Float32Array.of(0.3, -0.2, 0.1, 0, 0.5, 2, 1, 0.7);
    const x = normals(random, 2 * 3 * 36);
    const inference = await runLayer(shapes, build, [x], { mode: "inference", theta, state });
    const deployed = await runLayer(shapes, build, [x], { mode: "deployed", theta, state });
    expect(deployed.operators).toEqual(["Conv", "BatchNormalization"]);
    expect(worst(deployed.y, inference.y)).toBeLessThan(1e-5);
    // and both equal the textbook form
    const conv = await runLayer(shapes, (p, [v]) => convLayer(p, "c", v!, { out: 4, kernel: 3 }), [x], { mode: "training", theta: theta.slice(0, table.size - 8), state: new Float32Array(0) });
    const expected = conv.y.map((v, i) => {
      const c = Math.floor(i / 36) % 4;
      return (v - state[c]!) / Math.sqrt(state[4 + c]! + 1e-5);
    });
    expect(worst(deployed.y, expected)).toBeLessThan(1e-5);
  });

  it("refuses what cannot be normalised", () => {
    expect(() => tableOf([[1, 3, 1, 1]], (p, [x]) => batchNorm(p, "n", x!))).toThrow("n/batchNorm: [1,3,1,1] holds one number for each channel, which has no variance. Use a larger batch.");
    expect(() => tableOf([[1, 6, 2, 2]], (p, [x]) => groupNorm(p, "n", x!, { groups: 4 }))).toThrow("groupNorm: 6 channels of [1,6,2,2] do not divide into 4 groups.");
    expect(() => tableOf([[2, 6, 2, 2], [1, 3]], (p, [x, s]) => adaptiveInstanceNorm(p, "n", x!, s!))).toThrow("adaptiveInstanceNorm: the style is [1,3], expected [2,S] for [2,6,2,2].");
  });
});
