/** Any graph of any system: the parameters of a group, a training step, a gradient check, samples, deployed networks. */
import { TalkfaceError } from "../base/errors.js";
import { gradient } from "../graph/gradient.js";
import { Graph } from "../graph/graph.js";
import type { OnnxModel } from "../graph/onnx.js";
import { add, mul, sub } from "../graph/ops/arithmetic.js";
import type { Value } from "../graph/value.js";
import { adam, adamDefaults, type AdamOptions } from "../nn/adam.js";
import { declareParams, Params, paramsFromVector, paramsFromWeights, type ParamTable } from "../nn/params.js";
import type { Phase, PhaseResult, System } from "./system.js";

/** The layout of every group's `theta`, over all phases and deployed networks, in order of first use. */
export function paramTables(system: System, config: unknown): ReadonlyMap<string, ParamTable> {
  return new Map(
    system.groups.map((group) => [
      group,
      declareParams((params) => {
        for (const phase of system.phases) {
          const others = new Map<string, Params>();
          const batch = batchInputs(params.graph, phase, config);
          phase.build(config, (name) => (name === group ? params : scratch(params.graph, name, others)), batch, true);
        }
      }),
    ]),
  );
}

/** Parameters of a group that is not being declared: free inputs of a scratch graph. */
function scratch(graph: Graph, group: string, made: Map<string, Params>): Params {
  let params = made.get(group);
  if (params === undefined) {
    const values = new Map<string, Value>();
    params = new Params(graph, (spec) => {
      let value = values.get(spec.name);
      if (value === undefined) {
        value = graph.input(`${group}:${spec.name}:${graph.inputs.length}`, spec.shape);
        values.set(spec.name, value);
      }
      return value;
    });
    made.set(group, params);
  }
  return params;
}

function batchInputs(graph: Graph, phase: Phase<unknown>, config: unknown): (name: string) => Value {
  const fields = new Map(phase.batch(config).map((field) => [field.name, field]));
  const made = new Map<string, Value>();
  return (name) => {
    const field = fields.get(name);
    if (field === undefined) throw new TalkfaceError("internal", `internal: phase ${phase.name} has no batch field ${name}`);
    let value = made.get(name);
    if (value === undefined) {
      value = graph.input(graph.inputs.some((input) => input.name === name) ? `${phase.name}.${name}` : name, field.shape, field.dtype);
      made.set(name, value);
    }
    return value;
  };
}

interface Built {
  readonly graph: Graph;
  readonly result: PhaseResult;
  readonly thetas: ReadonlyMap<string, Value>;
}

/** A phase on a fresh graph; `theta.<group>` are its parameter inputs (`theta` where `plain` is the group). */
function buildPhase(phase: Phase<unknown>, config: unknown, tables: ReadonlyMap<string, ParamTable>, options: { readonly training: boolean; readonly plain?: string }): Built {
  const graph = new Graph();
  const thetas = new Map<string, Value>();
  const made = new Map<string, Params>();
  const params = (group: string): Params => {
    let p = made.get(group);
    if (p === undefined) {
      const table = tables.get(group);
      if (table === undefined) throw new TalkfaceError("internal", `internal: no group ${group}`);
      const theta = graph.input(group === options.plain ? "theta" : `theta.${group}`, [table.size]);
      thetas.set(group, theta);
      p = paramsFromVector(theta, table);
      made.set(group, p);
    }
    return p;
  };
  const result = phase.build(config, params, batchInputs(graph, phase, config), options.training);
  return { graph, result, thetas };
}

/** State of one group in a step graph's inputs and outputs. */
export function stateNames(group: string): { readonly theta: string; readonly m: string; readonly v: string; readonly average: string } {
  return { theta: `theta.${group}`, m: `m.${group}`, v: `v.${group}`, average: `average.${group}` };
}

/**
 * The training step of a phase: inputs `theta.G`, `m.G`, `v.G`, `average.G` for each group G, `step`, `rate`, `memory` and the batch;
 * outputs the new state under the names `next.theta.G` …, `loss.G`, `norm.G` and the phase's figures. `average` is the
 * exponential moving average of the weights, of which `memory` is kept each step.
 */
export function stepGraph(system: System, config: unknown, phase: Phase<unknown>, options: AdamOptions = adamDefaults): Graph {
  const { graph, result, thetas } = buildPhase(phase, config, paramTables(system, config), { training: true });
  const step = graph.input("step", []);
  const rate = graph.input("rate", []);
  const memory = graph.input("memory", []);
  for (const { group, loss } of result.losses) {
    const theta = thetas.get(group) as Value;
    const [grad] = gradient(loss, [theta]) as [Value];
    const names = stateNames(group);
    const next = adam({ theta, m: graph.input(names.m, theta.shape), v: graph.input(names.v, theta.shape) }, grad, step, rate, options);
    graph.output(`next.${names.theta}`, next.theta);
    graph.output(`next.${names.m}`, next.m);
    graph.output(`next.${names.v}`, next.v);
    const average = graph.input(names.average, theta.shape);
    graph.output(`next.${names.average}`, add(mul(average, memory), mul(next.theta, sub(1, memory))));
    graph.output(`loss.${group}`, loss);
    graph.output(`norm.${group}`, next.norm);
  }
  for (const [name, value] of Object.entries(result.figures)) graph.output(`figure.${name}`, value);
  return graph;
}

/** `forward`: `loss` and the figures; `grad`: `loss` and `grad` [P] with the group's parameters as `theta`. */
export function lossGraph(system: System, config: unknown, phase: Phase<unknown>, group: string, what: "forward" | "grad"): Graph {
  const { graph, result, thetas } = buildPhase(phase, config, paramTables(system, config), { training: true, plain: group });
  const own = result.losses.find((l) => l.group === group);
  if (own === undefined) throw new TalkfaceError("usage", `group "${group}": does not learn in phase ${phase.name}. Groups of this phase: ${result.losses.map((l) => l.group).join(", ")}.`);
  graph.output("loss", own.loss);
  if (what === "grad") graph.output("grad", (gradient(own.loss, [thetas.get(group) as Value]) as [Value])[0]);
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

/** The deployed networks with their weights as constants, by name. */
export function deployedGraphs(system: System, config: unknown, weights: Float32Array, metadata: Readonly<Record<string, string>>): ReadonlyMap<string, OnnxModel> {
  const table = paramTables(system, config).get(system.groups[0] as string) as ParamTable;
  return new Map(
    system.networks.map((network) => {
      const graph = new Graph();
      const params = paramsFromWeights(graph, table, weights);
      const inputs = new Map(network.inputs(config).map((f) => [f.name, graph.input(f.name, f.shape, f.dtype)]));
      network.build(config, graph, params, (name) => inputs.get(name) as Value);
      return [network.name, graph.toModel(metadata)];
    }),
  );
}
