/** One step of the toy system with a layer that keeps state, on a batch of the given seed. */
import { sha256 } from "../../src/base/files.js";
import { Random } from "../../src/base/random.js";
import { defaultRule } from "../../src/nn/optimizers/settings.js";
import type { Ranks } from "../../src/runtime/ranks.js";
import { floats } from "../../src/runtime/tensor.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { initialState } from "../../src/train/state.js";
import { openRunner } from "../../src/train/step/open.js";
import { normals } from "./gradcheck.js";
import { toySystem } from "./toy-system.js";

export interface ToyOutcome {
  /** What the layer measured. */
  readonly measured: readonly number[];
  /** Of all state vectors. */
  readonly digest: string;
}

export async function toyStep(ranks: Ranks, seed: number): Promise<ToyOutcome> {
  const system = toySystem(true);
  const state = initialState(paramTables(system, 4), defaultRule, 1);
  const random = new Random(seed);
  const runner = await openRunner({ system, config: 4, phase: system.phases[0]!, rule: defaultRule, device: "cpu", accumulate: 1, stepsPerRun: 1, ranks }, state);
  await runner.run([{ x: floats(normals(random, 12), [4, 3]), y: floats(normals(random, 8), [4, 2]) }], [{ step: 1, rate: 0.01, memory: 0.9 }]);
  await runner.close();
  return { measured: [...(state.get("state.net") as Float32Array)], digest: sha256([...state].map(([name, vector]) => `${name} ${vector.join()}`).join()) };
}
