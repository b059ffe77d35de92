/**
 * A graph run several times within one: an ONNX Loop whose body is the graph. State stays inside ONNX Runtime between the
 * iterations, which matters where it would cross a bus, and one call pays for all of them.
 */
import { TalkfaceError } from "../base/errors.js";
import type { AliasPair } from "./alias.js";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "./onnx.js";

/** Input of a loop model: how many iterations to run (int64 []). */
export const iterations = "iterations";

export interface LoopPlan {
  /** Outputs that are the next iteration's inputs; the last ones are the outputs of the loop, under the same names. */
  readonly carried: readonly AliasPair[];
  /** Inputs of which every iteration has its own: they become [most, ...]. */
  readonly stacked: readonly string[];
  /** Most iterations of a run. */
  readonly most: number;
}

/** Inputs: `iterations` and the graph's own; outputs: the carried ones and, for the others, [iterations, ...] in order. */
export function loopModel(model: OnnxModel, { carried, stacked, most }: LoopPlan): OnnxModel {
  const { graph } = model;
  const find = (list: readonly OnnxValueInfo[], name: string): OnnxValueInfo => {
    const found = list.find((info) => info.name === name);
    if (found === undefined) throw new TalkfaceError("internal", `internal: ${graph.name} has no "${name}" to loop over`);
    return found;
  };
  const states = carried.map(({ input, output }) => ({ input: find(graph.inputs, input), output: find(graph.outputs, output) }));
  const scanned = graph.outputs.filter(({ name }) => !carried.some(({ output }) => output === name));
  const batches = stacked.map((name) => find(graph.inputs, name));
  const own = new Set([...graph.nodes.flatMap((node) => node.outputs), ...graph.initializers.map(({ name }) => name), ...states.map(({ input }) => input.name), ...stacked]);
  // names of a body must not be those of the graph around it
  const inner = (name: string): string => (own.has(name) ? `body/${name}` : name);
  const innerInfo = (info: OnnxValueInfo): OnnxValueInfo => ({ ...info, name: inner(info.name) });

  const body: OnnxGraph = {
    name: `${graph.name} body`,
    nodes: [
      node("Identity", "body/continue", ["body/running"], ["body/continue"]),
      ...batches.map(({ name }) => node("Gather", `body/take/${name}`, [name, "body/iteration"], [inner(name)])),
      ...graph.nodes.map((each) => ({ ...each, name: `body/${each.name}`, inputs: each.inputs.map(inner), outputs: each.outputs.map(inner) })),
    ],
    initializers: graph.initializers.map((tensor): OnnxTensor => ({ ...tensor, name: inner(tensor.name) })),
    inputs: [{ name: "body/iteration", dtype: "int64", shape: [] }, { name: "body/running", dtype: "bool", shape: [] }, ...states.map(({ input }) => innerInfo(input))],
    outputs: [{ name: "body/continue", dtype: "bool", shape: [] }, ...states.map(({ output }) => innerInfo(output)), ...scanned.map(innerInfo)],
  };
  const loop: OnnxNode = {
    ...node("Loop", "loop", [iterations, "", ...states.map(({ input }) => input.name)], [...states.map(({ output }) => output.name), ...scanned.map(({ name }) => name)]),
    attributes: { body: { kind: "graph", value: body } },
  };
  return {
    ...model,
    graph: {
      name: graph.name,
      nodes: [loop],
      initializers: [],
      inputs: [{ name: iterations, dtype: "int64", shape: [] }, ...graph.inputs.map((info) => (stacked.includes(info.name) ? { ...info, shape: [most, ...info.shape] } : info))],
      outputs: [...states.map(({ output }) => output), ...scanned.map((info) => ({ ...info, shape: [iterations, ...info.shape] }))],
    },
  };
}

function node(op: string, name: string, inputs: readonly string[], outputs: readonly string[]): OnnxNode {
  return { op, name, domain: "", inputs, outputs, attributes: {} };
}
