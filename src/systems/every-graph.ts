/** All graphs of a system, for checks that must miss none. */
import type { OnnxModel } from "../graph/onnx.js";
import { initialValues, type ParamTable } from "../nn/params.js";
import { deployedGraphs, lossGraph, sampleGraph } from "./graphs.js";
import { paramTables } from "./phase-graph.js";
import { gradientGraph, stepGraph, updateGraph } from "./step-graph.js";
import type { System } from "./system.js";

export interface NamedGraph {
  /** E.g. `motion grad generator` or `network frame`. */
  readonly label: string;
  /** Built when it is asked for: graphs with gradients take a while. */
  readonly model: () => OnnxModel;
}

/** Of each phase the step, its two halves, the samples, and loss and gradient of each group; the deployed networks with initial weights. */
export function everyGraph(system: System, config: unknown): NamedGraph[] {
  const training = system.phases.flatMap((phase) => [
    { label: `${phase.name} step`, model: () => stepGraph(system, config, phase).toModel() },
    { label: `${phase.name} gradient`, model: () => gradientGraph(system, config, phase, { accumulate: 2 }).toModel() },
    { label: `${phase.name} update`, model: () => updateGraph(system, config, phase).toModel() },
    { label: `${phase.name} samples`, model: () => sampleGraph(system, config, phase).toModel() },
    ...phase.groups.flatMap((group) =>
      (["forward", "grad"] as const).map((what) => ({ label: `${phase.name} ${what} ${group}`, model: () => lossGraph(system, config, phase, group, what).toModel() })),
    ),
  ]);
  const table = paramTables(system, config).get(system.groups[0] as string) as ParamTable;
  const deployed = [...deployedGraphs(system, config, initialValues(table, 1), { system: system.name }, initialValues(table.state, 1))];
  return [...training, ...deployed.map(([name, model]) => ({ label: `network ${name}`, model: () => model }))];
}
