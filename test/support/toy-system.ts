/** The smallest system that learns: a network of one hidden layer with a mean loss, its batch size the only setting. */
import { tanh } from "../../src/graph/ops/activation.js";
import { square, sub } from "../../src/graph/ops/arithmetic.js";
import { mean } from "../../src/graph/ops/reduce.js";
import { linear } from "../../src/nn/layers.js";
import type { Phase, System } from "../../src/systems/system.js";

export const toyPhase: Phase<unknown> = {
  name: "fit",
  groups: ["net"],
  defaultSteps: 1,
  defaultRate: 1e-2,
  batch: (config) => [{ name: "x", dtype: "float32", shape: [config as number, 3] }, { name: "y", dtype: "float32", shape: [config as number, 2] }],
  build: (_, params, batch) => {
    const p = params("net");
    const loss = mean(square(sub(linear(p, "out", tanh(linear(p, "in", batch("x"), { out: 7 })), { out: 2 }), batch("y"))));
    return { losses: [{ group: "net", loss }], figures: { shifted: sub(loss, 1) }, pictures: {} };
  },
};

/** Its configuration is the batch size. */
export const toySystem: System = {
  name: "toy", title: "Toy", citation: "", groups: ["net"], phases: [toyPhase], networks: [], presets: {},
  parseConfig: (value) => value,
};
