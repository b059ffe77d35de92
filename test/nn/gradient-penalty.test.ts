import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { encodeModel } from "../../src/graph/onnx.js";
import { leakyRelu, softplus } from "../../src/graph/ops/activation.js";
import { mul } from "../../src/graph/ops/arithmetic.js";
import { conv } from "../../src/graph/ops/conv.js";
import { reshape } from "../../src/graph/ops/layout.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { averagePool } from "../../src/graph/ops/pool.js";
import { gradientPenalty, type Judge, r1Penalty } from "../../src/nn/gradient-penalty.js";
import { declareParams, initialValues, type Params, paramsFromVector } from "../../src/nn/params.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { checkGradient, normals } from "../support/gradcheck.js";
import { findTorch } from "../support/torch-check.js";
import type { Value } from "../../src/graph/value.js";

const python = findTorch();
const shape = [3, 2, 8, 8] as const;

/** Convolutions, a pool, a hidden layer: scores [B, 1]. */
function discriminator(p: Params, activate: (x: Value) => Value): Judge {
  const weight = (name: string, sizes: readonly number[]): Value => p.get(name, sizes, { kind: "normal", deviation: 0.3 });
  return (x) => {
    const first = activate(conv(x, weight("first", [6, 2, 3, 3]), { stride: 2, pad: 1 }, weight("first-bias", [6])));
    const second = activate(conv(first, weight("second", [8, 6, 3, 3]), { pad: 1 }));
    const code = reshape(averagePool(second, 2), [shape[0], 32]);
    return matmul(activate(matmul(code, weight("hidden", [32, 5]))), weight("out", [5, 1]));
  };
}

/** Each penalty with one of the two kinds of activation: a piecewise linear one and a smooth one. */
const checked: readonly [name: string, activate: (x: Value) => Value, penalty: (judge: Judge, graph: Graph) => Value][] = [
  ["WGAN-GP, leakyRelu", (x) => leakyRelu(x, 0.2), (judge, graph) => gradientPenalty(judge, graph.input("real", shape), graph.input("fake", shape), graph.constant([0.1, 0.5, 0.9], [3]))],
  ["R1, softplus", softplus, (judge, graph) => r1Penalty(judge, graph.input("real", shape))],
];

describe("gradient penalties", () => {
  it("have their textbook values for a linear judge", async () => {
    const graph = new Graph();
    const weight = graph.constant([3, 4], [2, 1]);
    const judge: Judge = (x) => matmul(x, weight);
    const [real, fake] = [graph.constant([1, 2, 3, 4], [2, 2]), graph.constant([0, 0, 0, 0], [2, 2])];
    graph.output("wgan", gradientPenalty(judge, real, fake, graph.constant([0.3, 0.6], [2])));
    graph.output("r1", r1Penalty(judge, real));
    const out = await (await createSession(graph.toModel())).run({});
    expect(out["wgan"]!.data[0]).toBeCloseTo(16, 4); // slope of length 5: (5 - 1)²
    expect(out["r1"]!.data[0]).toBeCloseTo(25, 4);
  });

  it("look at samples between real and generated ones, each with its own share", async () => {
    const graph = new Graph();
    const judge: Judge = (x) => mul(mul(x, x), 0.5); // its slope is the sample itself
    graph.output("loss", gradientPenalty(judge, graph.constant([2, 2], [2, 1]), graph.constant([4, 4], [2, 1]), graph.input("share", [2])));
    const session = await createSession(graph.toModel());
    const at = async (a: number, b: number): Promise<number> => Number((await session.run({ share: floats(Float32Array.of(a, b), [2]) }))["loss"]!.data[0]);
    expect(await at(1, 1)).toBeCloseTo(1, 4); // (2 - 1)²
    expect(await at(0, 1)).toBeCloseTo((9 + 1) / 2, 4);
  });

  it("have checked gradients with respect to the weights", async () => {
    const table = declareParams((p) => void discriminator(p, softplus)(p.graph.input("x", shape)));
    const real = normals(new Random(3), 3 * 2 * 64);
    for (const name of ["WGAN-GP", "R1"] as const) {
      await checkGradient(`penalty ${name}`, [[table.size]], (graph, [theta]) => {
        const judge = discriminator(paramsFromVector(theta!, table), softplus);
        const samples = graph.constant(real, shape);
        return name === "R1" ? r1Penalty(judge, samples) : gradientPenalty(judge, samples, mul(samples, -0.5), graph.constant([0.1, 0.5, 0.9], [3]));
      }, { values: [initialValues(table, 5)], step: 2e-3 });
    }
  });

  it.skipIf(python === null).each(checked)("%s, through conv, pool and matmul: PyTorch finds the same gradient (skipped where python3 has no torch and onnx)", (_, activate, penalty) => {
    const folder = mkdtempSync(join(tmpdir(), "talkface-penalty-"));
    try {
      const table = declareParams((p) => void discriminator(p, activate)(p.graph.input("x", shape)));
      const graph = new Graph();
      const theta = graph.input("theta", [table.size]);
      const loss = penalty(discriminator(paramsFromVector(theta, table), activate), graph);
      graph.output("loss", loss);
      graph.output("grad", gradient(loss, [theta])[0]!);
      const path = join(folder, "grad.onnx");
      writeFileSync(path, encodeModel(graph.toModel()));
      writeFileSync(`${path}.theta.f32`, new Uint8Array(initialValues(table, 5).buffer));
      const said = execFileSync(python as string, [join(import.meta.dirname, "../support/onnx_torch.py"), "check", path], { encoding: "utf8" });
      const [, size, error] = /\|grad\| (\S+)\s+relative error (\S+)/.exec(said) ?? [];
      expect(Number(size)).toBeGreaterThan(1e-3);
      expect(Number(error)).toBeLessThan(1e-4);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
