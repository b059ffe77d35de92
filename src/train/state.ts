/** What training changes: per group the weights, their moving average and the optimizer's moments. */
import type { AliasPair } from "../graph/alias.js";
import { initialValues, type ParamTable } from "../nn/params.js";
import type { UpdateRule } from "../nn/optimizers/optimizer.js";
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
  }
  return state;
}

/** Moments start anew with every phase: they belong to its losses. */
export function resetMoments(state: TrainState, groups: readonly string[], rule: UpdateRule): void {
  for (const name of groups.flatMap((group) => momentNames(group, rule))) state.get(name)?.fill(0);
}

/** What a step of these groups reads and renews. */
export function renewals(groups: readonly string[], rule: UpdateRule): readonly AliasPair[] {
  const vectors = groups.flatMap((group) => [...Object.values(stateNames(group)), ...momentNames(group, rule)]);
  return vectors.map((name) => ({ input: name, output: `next.${name}` }));
}
