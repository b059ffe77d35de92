/** What training changes: per group the weights, their moving average, the optimizer's moments and what layers measure. */
import type { AliasPair } from "../graph/alias.js";
import type { OnnxModel } from "../graph/onnx.js";
import { initialValues, type ParamTable } from "../nn/params.js";
import type { UpdateRule } from "../nn/optimizers/optimizer.js";
import { layerStateName } from "../systems/phase-graph.js";
import { momentNames, stateNames } from "../systems/step-graph.js";

/** State vectors of all groups by their graph names (`theta.generator`, `m.generator`, …). */
export type TrainState = Map<string, Float32Array>;

export function initialState(tables: ReadonlyMap<string, ParamTable>, rule: UpdateRule, seed: number): TrainState {
  const state: TrainState = new Map();
  for (const [group, table] of tables) {
    const names = stateNames(group);
    const theta = initialValues(table, seed);
    state.set(names.theta, theta);
    state.set(names.average, theta.slice());
    for (const name of momentNames(group, rule)) state.set(name, new Float32Array(table.size));
    if (table.state.size > 0) state.set(layerStateName(group), initialValues(table.state, seed));
  }
  return state;
}

/** Moments start anew with every phase: they belong to its losses. */
export function resetMoments(state: TrainState, groups: readonly string[], rule: UpdateRule): void {
  for (const name of groups.flatMap((group) => momentNames(group, rule))) state.get(name)?.fill(0);
}

/** What the graph of a step reads and renews: every input X with an output `next.X`. */
export function renewals({ graph }: OnnxModel): readonly AliasPair[] {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return graph.inputs.flatMap(({ name }) => (outputs.has(`next.${name}`) ? [{ input: name, output: `next.${name}` }] : []));
}
