/** All graphs of a system, for checks that must miss none. */
import type { Graph } from "../graph/graph.js";
import { initialValues, type ParamTable } from "../nn/params.js";
import { deployedGraph, lossGraph, sampleGraph } from "./graphs.js";
import { paramTables } from "./phase-graph.js";
import { gradientGraph, squaresGraph, stepGraph, updateGraph } from "./step-graph.js";
import type { System } from "./system.js";

export interface NamedGraph {
  /** E.g. `motion grad generator` or `network frame`. */
  readonly label: string;
  readonly kind: "step" | "part of a step" | "samples" | "network";
  /** Built when it is asked for: graphs with gradients take a while. */
  readonly build: () => Graph;
}

/** Of each phase the step, its gradients, the samples, and loss and gradient of each group; the update of a group; the deployed networks with initial weights. */
export function everyGraph(system: System, config: unknown): NamedGraph[] {
  const training = system.phases.flatMap((phase): NamedGraph[] => [
    { label: `${phase.name} step`, kind: "step", build: () => stepGraph(system, config, phase) },
    { label: `${phase.name} gradient`, kind: "part of a step", build: () => gradientGraph(system, config, phase, { accumulate: 2 }) },
    { label: `${phase.name} samples`, kind: "samples", build: () => sampleGraph(system, config, phase) },
    ...phase.groups.flatMap((group) =>
      (["forward", "grad"] as const).map((what): NamedGraph => ({ label: `${phase.name} ${what} ${group}`, kind: "part of a step", build: () => lossGraph(system, config, phase, group, what) })),
    ),
  ]);
  const updates: NamedGraph[] = [
    { label: "squares", kind: "part of a step", build: () => squaresGraph(64) },
    { label: "update", kind: "part of a step", build: () => updateGraph(64) },
  ];
  const table = paramTables(system, config).get(system.groups[0] as string) as ParamTable;
  const [weights, state] = [initialValues(table, 1), initialValues(table.state, 1)];
  const networks = system.networks.map((network): NamedGraph => ({ label: `network ${network.name}`, kind: "network", build: () => deployedGraph(system, config, network, weights, state) }));
  return [...training, ...updates, ...networks];
}
