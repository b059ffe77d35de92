/** A phase of a system on a graph: its parameters cut from flat vectors, its batch as inputs. */
import { TalkfaceError } from "../base/errors.js";
import { Graph } from "../graph/graph.js";
import type { Value } from "../graph/value.js";
import { declareParams, type Layout, Params, type ParamSpec, paramsFromInputs, paramsFromVector, type ParamTable } from "../nn/params.js";
import { type State, stateFromVector, type StateSource, withoutState } from "../nn/state.js";
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
    const source = (spec: ParamSpec): Value => {
      let value = values.get(spec.name);
      if (value === undefined) {
        value = graph.input(`${group}:${spec.name}:${graph.inputs.length}`, spec.shape);
        values.set(spec.name, value);
      }
      return value;
    };
    params = new Params(graph, source, { mode: "training", read: (spec) => source({ ...spec, name: `state:${spec.name}` }), write: () => undefined });
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

export interface BuiltPhase {
  readonly graph: Graph;
  readonly result: PhaseResult;
  /** The parameter inputs of each group in use, by their names in the graph: the flat vector, or every weight. */
  readonly weights: ReadonlyMap<string, ReadonlyMap<string, Value>>;
  /** Of the groups whose layers keep some. */
  readonly states: ReadonlyMap<string, State>;
}

/** Name of the vector of what a group's layers measured (nn/state.ts) among the inputs of its graphs. */
export function layerStateName(group: string): string {
  return `state.${group}`;
}

/** Name of a weight of the group as an input of its own. */
export function weightName(group: string, name: string): string {
  return `theta.${group}/${name}`;
}

/**
 * A phase on a fresh graph; `theta.<group>` are its parameter inputs (`theta` where `plain` is the group; `theta.<group>/<name>` for each
 * weight with `apart`), `state.<group>` the state of layers where there is any: measured in training, used otherwise.
 */
export function buildPhase(phase: Phase<unknown>, config: unknown, tables: ReadonlyMap<string, ParamTable>, options: { readonly training: boolean; readonly plain?: string; readonly apart?: boolean }): BuiltPhase {
  const graph = new Graph();
  const weights = new Map<string, Map<string, Value>>();
  const states = new Map<string, State>();
  const made = new Map<string, Params>();
  const mode = options.training ? "training" : "inference";
  const stateOf = (group: string, layout: Layout): StateSource => {
    if (layout.size === 0) return withoutState(mode);
    const state = stateFromVector(graph.input(layerStateName(group), [layout.size]), layout, mode);
    states.set(group, state);
    return state;
  };
  const params = (group: string): Params => {
    let p = made.get(group);
    if (p === undefined) {
      const table = tables.get(group);
      if (table === undefined) throw new TalkfaceError("internal", `internal: no group ${group}`);
      const inputs = new Map<string, Value>();
      weights.set(group, inputs);
      if (options.apart === true) p = paramsFromInputs(graph, weightName(group, ""), table, stateOf(group, table.state), inputs);
      else {
        const name = group === options.plain ? "theta" : `theta.${group}`;
        const theta = graph.input(name, [table.size]);
        inputs.set(name, theta);
        p = paramsFromVector(theta, table, stateOf(group, table.state));
      }
      made.set(group, p);
    }
    return p;
  };
  const result = phase.build(config, params, batchInputs(graph, phase, config), options.training);
  return { graph, result, weights, states };
}
