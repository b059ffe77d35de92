/** The smallest system that learns: a network of one hidden layer with a mean loss. */
import { tanh } from "../../src/graph/ops/activation.js";
import { square, sub } from "../../src/graph/ops/arithmetic.js";
import { mean } from "../../src/graph/ops/reduce.js";
import { linear } from "../../src/nn/layers.js";
import { batchNorm } from "../../src/nn/norms.js";
import type { Phase, System } from "../../src/systems/system.js";

/** Its configuration is the batch size; `normalised` gives it a layer that keeps state. */
export function toySystem(normalised: boolean): System {
  const fit: Phase<unknown> = {
    name: "fit",
    groups: ["net"],
    defaultSteps: 1,
    defaultRate: 1e-2,
    batch: (config) => [{ name: "x", dtype: "float32", shape: [config as number, 3] }, { name: "y", dtype: "float32", shape: [config as number, 2] }],
    build: (_, params, batch) => {
      const p = params("net");
      const hidden = linear(p, "in", batch("x"), { out: 7 });
      const loss = mean(square(sub(linear(p, "out", tanh(normalised ? batchNorm(p, "norm", hidden) : hidden), { out: 2 }), batch("y"))));
      return { losses: [{ group: "net", loss }], figures: { shifted: sub(loss, 1) }, pictures: {} };
    },
  };
  return { name: "toy", title: "Toy", citation: "", groups: ["net"], phases: [fit], networks: [], presets: {}, parseConfig: (value) => value };
}
