import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { optimizerSchema, updateRule } from "../../src/nn/optimizers/settings.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { momentNames, updateGraph } from "../../src/systems/step-graph.js";
import type { TrainState } from "../../src/train/state.js";
import { PieceUpdate } from "../../src/train/step/pieces.js";
import { scalars } from "../../src/train/step/session.js";
import { normals } from "../support/gradcheck.js";

const rule = updateRule(optimizerSchema.parse({ name: "adamw", decay: 0.01, clip: 0.5 }));
/** Three pieces, the last one shorter by two. */
const length = 600_001;
const gradient = normals(new Random(1), length);
const pace = { step: 3, rate: 0.01, memory: 0.9 };

function stateOf(): TrainState {
  const random = new Random(2);
  const names = ["theta.g", "average.g", ...momentNames("g", rule)];
  return new Map(names.map((name) => [name, normals(random, length).map(Math.abs)]));
}

const open = (state: TrainState, inPlace: boolean): Promise<PieceUpdate> => PieceUpdate.open({ group: "g", rule, device: "cpu", inPlace, where: "test" }, state);

describe("an update by the piece", () => {
  it("is the update of the whole, in place or not", async () => {
    const norm = Math.fround(Math.sqrt(gradient.reduce((sum, x) => sum + x * x, 0)));
    const before = stateOf();
    const whole = await createSession(updateGraph(length, rule).toModel());
    const vectors = Object.fromEntries([...before].map(([name, data]) => [name.replace(/\.g$/, ""), floats(data, [length])]));
    const wanted = await whole.run({ ...vectors, grad: floats(gradient, [length]), ...scalars({ norm, loss: 1, ...pace }) });
    for (const inPlace of [true, false]) {
      const state = stateOf();
      const update = await open(state, inPlace);
      const figures = await update.run(gradient, 1, pace);
      expect(figures.skipped).toBe(0);
      expect(figures.norm / norm).toBeCloseTo(1, 5); // float32 sums of 200,000 squares
      for (const [name, vector] of state) {
        const { data } = wanted[`next.${name.replace(/\.g$/, "")}`]!;
        expect(vector.reduce((most, x, i) => Math.max(most, Math.abs(x - Number(data[i]))), 0), name).toBeLessThan(1e-6);
        expect(vector.at(-1), name).not.toBe(before.get(name)!.at(-1));
      }
      await update.close();
    }
  });

  it("changes no piece where the gradient of the last one is not finite", async () => {
    for (const inPlace of [true, false]) {
      const state = stateOf();
      const update = await open(state, inPlace);
      const { norm, skipped } = await update.run(gradient.with(length - 1, Number.POSITIVE_INFINITY), 1, pace);
      expect([norm, skipped]).toEqual([Number.POSITIVE_INFINITY, 1]);
      for (const [name, vector] of stateOf()) expect(state.get(name)!.every((x, i) => x === vector[i]), name).toBe(true);
      // and nothing of it is left over
      expect((await update.run(gradient, 1, pace)).skipped).toBe(0);
      await update.close();
    }
  });
});
