import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { square } from "../../src/graph/ops/arithmetic.js";
import { concat, reshape, slice } from "../../src/graph/ops/layout.js";
import { fusedLstm } from "../../src/graph/ops/recurrent.js";
import { sum } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";
import { convGru, convGruCell } from "../../src/nn/conv-gru.js";
import { initialValues, type Params } from "../../src/nn/params.js";
import { gru, gruCell, lstm, lstmCell, type LstmState, type RecurrentOptions } from "../../src/nn/recurrent.js";
import { normals } from "../support/gradcheck.js";
import { checkLayer, runLayer, tableOf, worst, type Network, type Shapes } from "../support/layer-check.js";

const layers: [string, (p: Params, name: string, x: Value, options: RecurrentOptions) => Value, string][] = [
  ["lstm", lstm, "LSTM"],
  ["gru", gru, "GRU"],
];
const forms: [string, RecurrentOptions][] = [
  ["one layer", { hidden: 4 }],
  ["both directions", { hidden: 3, bidirectional: true }],
  ["two layers in both directions", { hidden: 3, layers: 2, bidirectional: true }],
];

/** Random weights with random biases too, so that no place of a bias goes unseen. */
function weightsFor(shapes: Shapes, build: Network): Float32Array {
  return normals(new Random(11), tableOf(shapes, build).size).map((x) => x * 0.5);
}

describe.each(layers)("%s", (name, layer, operator) => {
  const shapes = [[2, 5, 3]];

  it.each(forms)("deployed and unrolled agree: %s", async (_, options) => {
    const build: Network = (p, [x]) => layer(p, "rnn", x!, options);
    const x = normals(new Random(12), 30);
    const parts = { theta: weightsFor(shapes, build), state: new Float32Array(0) };
    const fused = await runLayer(shapes, build, [x], { ...parts, mode: "deployed" });
    const steps = await runLayer(shapes, build, [x], { ...parts, mode: "training" });
    expect(fused.operators.filter((op) => op === operator)).toHaveLength(options.layers ?? 1);
    expect(steps.operators).not.toContain(operator);
    expect(fused.shape).toEqual([2, 5, options.hidden * (options.bidirectional === true ? 2 : 1)]);
    expect(steps.shape).toEqual(fused.shape);
    expect(worst(fused.y, steps.y)).toBeLessThan(1e-5);
    expect(Math.max(...steps.y)).toBeGreaterThan(0.05);
  });

  it.each(forms)("has a checked gradient: %s", async (form, options) => {
    const build: Network = (p, [x]) => square(layer(p, "rnn", x!, options));
    await checkLayer(`${name} ${form}`, shapes, build, { step: 5e-3, theta: weightsFor(shapes, build) });
  });

  it("refuses pictures, and gradients through the fused operator", async () => {
    expect(() => tableOf([[2, 3]], (p, [x]) => layer(p, "rnn", x!, { hidden: 4 }))).toThrow(`${name}: input [2,3], expected [B,T,D] with at least one step.`);
    const build: Network = (p, [x]) => gradient(sum(layer(p, "rnn", x!, { hidden: 2 })), [x!])[0]!;
    const run = runLayer(shapes, build, [new Float32Array(30)], { mode: "deployed", theta: initialValues(tableOf(shapes, build), 1), state: new Float32Array(0) });
    await expect(run).rejects.toThrow(`${operator}: the fused operator has no gradient`);
    // an expert whose weights are constants passes gradients on where it is asked to
    const expert: Network = (p, [x]) => gradient(sum(layer(p.inference(), "rnn", x!, { hidden: 2 })), [x!])[0]!;
    const { y, operators } = await runLayer(shapes, expert, [normals(new Random(15), 30)], { mode: "deployed", theta: initialValues(tableOf(shapes, expert), 1), state: new Float32Array(0) });
    expect(operators).not.toContain(operator);
    expect(y.every((slope) => slope !== 0)).toBe(true);
  });
});

describe("cells", () => {
  it("step by step give what their layers give", async () => {
    const shapes = [[2, 4, 3]];
    const at = (x: Value, t: number): Value => reshape(slice(x, 1, t, t + 1), [2, 3]);
    const x = normals(new Random(13), 24);
    const pairs: [Network, Network][] = [
      [
        (p, [v]) => lstm(p, "rnn", v!, { hidden: 4 }),
        (p, [v]) => {
          let state: LstmState | null = null;
          const outputs = [0, 1, 2, 3].map((t) => reshape((state = lstmCell(p, "rnn/0", at(v!, t), state, { hidden: 4 })).h, [2, 1, 4]));
          return concat(outputs, 1);
        },
      ],
      [
        (p, [v]) => gru(p, "rnn", v!, { hidden: 4 }),
        (p, [v]) => {
          let state: Value | null = null;
          const outputs = [0, 1, 2, 3].map((t) => reshape((state = gruCell(p, "rnn/0", at(v!, t), state, { hidden: 4 })), [2, 1, 4]));
          return concat(outputs, 1);
        },
      ],
    ];
    for (const [layer, cells] of pairs) {
      const parts = { theta: weightsFor(shapes, layer), state: new Float32Array(0), mode: "training" as const };
      const [a, b] = [await runLayer(shapes, layer, [x], parts), await runLayer(shapes, cells, [x], parts)];
      expect(worst(a.y, b.y)).toBeLessThan(1e-6);
    }
  });
});

describe("convGru", () => {
  const options = { hidden: 2, kernel: 3, dilation: 2 };
  const shapes = [[2, 3, 2, 5, 4]];
  const build: Network = (p, [x]) => convGru(p, "memory", x!, options);

  it("has a checked gradient and equals its cell", async () => {
    await checkLayer("convGru", shapes, (p, [x]) => square(build(p, [x!])), { step: 5e-3, theta: weightsFor(shapes, build) });
    const cells: Network = (p, [x]) => {
      let state: Value | null = null;
      const outputs = [0, 1, 2].map((t) => reshape((state = convGruCell(p, "memory", reshape(slice(x!, 1, t, t + 1), [2, 2, 5, 4]), state, options)), [2, 1, 2, 5, 4]));
      return concat(outputs, 1);
    };
    const x = normals(new Random(14), 240);
    const parts = { theta: weightsFor(shapes, build), state: new Float32Array(0), mode: "training" as const };
    expect(worst((await runLayer(shapes, build, [x], parts)).y, (await runLayer(shapes, cells, [x], parts)).y)).toBeLessThan(1e-6);
  });

  it("refuses even kernels and single frames", () => {
    expect(() => tableOf(shapes, (p, [x]) => convGru(p, "memory", x!, { hidden: 2, kernel: 4 }))).toThrow("convGru: the kernel is 4, expected an odd side");
    expect(() => tableOf([[2, 2, 5, 4]], build)).toThrow("convGru: input [2,2,5,4], expected [B,T,C,H,W] with at least one step.");
  });
});

it("a fused LSTM names the weight that does not fit", () => {
  const graph = new Graph();
  const [x, w, r, b] = [[5, 2, 3], [1, 16, 3], [1, 16, 4], [1, 16]].map((shape, i) => graph.input(`v${i}`, shape)) as [Value, Value, Value, Value];
  expect(() => fusedLstm(x, w, r, b)).toThrow("LSTM: the bias is [1,16], expected [1,32] for 4 units on [5,2,3].");
});
