/** Graphs of any system beside its training step: a loss or its gradient, samples, deployed networks. */
import { TalkfaceError } from "../base/errors.js";
import { gradient } from "../graph/gradient.js";
import { Graph } from "../graph/graph.js";
import type { OnnxModel } from "../graph/onnx.js";
import type { Value } from "../graph/value.js";
import { paramsFromWeights, type ParamTable } from "../nn/params.js";
import { buildPhase, paramTables } from "./phase-graph.js";
import type { DeployedNetwork, Phase, System } from "./system.js";

/** `forward`: `loss` and the figures; `grad`: `loss` and `grad` [P] with the group's parameters as `theta`. */
export function lossGraph(system: System, config: unknown, phase: Phase<unknown>, group: string, what: "forward" | "grad"): Graph {
  const { graph, result, weights } = buildPhase(phase, config, paramTables(system, config), { training: true, plain: group });
  const own = result.losses.find((l) => l.group === group);
  if (own === undefined) throw new TalkfaceError("usage", `group "${group}": does not learn in phase ${phase.name}. Groups of this phase: ${result.losses.map((l) => l.group).join(", ")}.`);
  graph.output("loss", own.loss);
  if (what === "grad") graph.output("grad", gradient(own.loss, [...weights.get(group)!.values()])[0] as Value);
  else for (const [name, value] of Object.entries(result.figures)) graph.output(`figure.${name}`, value);
  return graph;
}

/** Losses, figures and pictures of a batch, without gradients: for validation and sample sheets. */
export function sampleGraph(system: System, config: unknown, phase: Phase<unknown>): Graph {
  const { graph, result } = buildPhase(phase, config, paramTables(system, config), { training: false });
  for (const { group, loss } of result.losses) graph.output(`loss.${group}`, loss);
  for (const [name, value] of Object.entries(result.figures)) graph.output(`figure.${name}`, value);
  for (const [name, value] of Object.entries(result.pictures)) graph.output(`picture.${name}`, value);
  return graph;
}

/** The deployed networks with their weights and the state of their layers as constants, by name. */
export function deployedGraphs(
  system: System,
  config: unknown,
  weights: Float32Array,
  metadata: Readonly<Record<string, string>>,
  state: Float32Array = new Float32Array(0),
): ReadonlyMap<string, OnnxModel> {
  return new Map(system.networks.map((network) => [network.name, deployedGraph(system, config, network, weights, state).toModel(metadata)]));
}

/** One deployed network with its weights and the state of its layers as constants. */
export function deployedGraph(system: System, config: unknown, network: DeployedNetwork<unknown>, weights: Float32Array, state: Float32Array = new Float32Array(0)): Graph {
  const table = paramTables(system, config).get(system.groups[0] as string) as ParamTable;
  const graph = new Graph();
  const params = paramsFromWeights(graph, table, weights, state);
  const inputs = new Map(network.inputs(config).map((f) => [f.name, graph.input(f.name, f.shape, f.dtype)]));
  network.build(config, graph, params, (name) => inputs.get(name) as Value);
  return graph;
}
