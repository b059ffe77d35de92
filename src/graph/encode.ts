/** From a graph to an ONNX model: simplified, outputs under their own names, constants as initializers. */
import { toBytes } from "./dtype.js";
import type { Graph } from "./graph.js";
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "./onnx.js";
import type { Draft } from "./passes/draft.js";
import { orderForMemory } from "./passes/order.js";
import { simplify } from "./passes/simplify.js";
import type { Value } from "./value.js";

/** Opset 17: newer versions of some operators have no CUDA kernel in ONNX Runtime. */
const opset = 17;
const irVersion = 8;

export function encodeGraph(graph: Graph, metadata: Readonly<Record<string, string>>, draft: Draft = simplify(graph)): OnnxModel {
  if (graph.outputs.size === 0) graph.fail("toModel", "the graph has no outputs. Name at least one with output().");
  const { names, copies } = nameOutputs(draft);
  const nameOf = (value: Value): string => names.get(value) ?? value.name;

  const nodes: OnnxNode[] = orderForMemory(draft.nodes, draft.outputs.values()).map((node) => ({
    op: node.op,
    name: node.name,
    domain: "",
    inputs: node.inputs.map(nameOf),
    outputs: node.outputs.map(nameOf),
    attributes: node.attributes,
  }));
  for (const [name, value] of copies) {
    nodes.push({ op: "Identity", name: `output/${name}`, domain: "", inputs: [nameOf(value)], outputs: [name], attributes: {} });
  }
  checkNames(graph, draft, nameOf, copies);

  return {
    irVersion,
    opset,
    producer: "talkface",
    graph: {
      name: graph.name,
      nodes,
      initializers: constantsOf(draft, copies, nameOf),
      inputs: graph.inputs.map((x) => info(x.name, x)),
      outputs: [...draft.outputs].map(([name, value]) => info(name, value)),
    },
    metadata,
  };
}

/** Outputs take the name of the value they show; inputs, constants and values shown twice need an Identity. */
function nameOutputs(draft: Draft): { names: Map<Value, string>; copies: [string, Value][] } {
  const names = new Map<Value, string>();
  const copies: [string, Value][] = [];
  for (const [name, value] of draft.outputs) {
    if (value.producer === null || names.has(value)) copies.push([name, value]);
    else names.set(value, name);
  }
  return { names, copies };
}

function checkNames(graph: Graph, { nodes }: Draft, nameOf: (value: Value) => string, copies: readonly [string, Value][]): void {
  const seen = new Set(graph.inputs.map((x) => x.name));
  for (const name of [...nodes.flatMap((node) => node.outputs.map(nameOf)), ...copies.map(([name]) => name)]) {
    if (seen.has(name)) graph.fail("toModel", `two values have the name "${name}". Rename the output or the input.`);
    seen.add(name);
  }
}

function constantsOf({ nodes, constantData }: Draft, copies: readonly [string, Value][], nameOf: (value: Value) => string): OnnxTensor[] {
  const used = new Set<Value>();
  for (const value of [...nodes.flatMap((node) => node.inputs), ...copies.map(([, value]) => value)]) {
    if (value.producer === null) used.add(value);
  }
  const tensors: OnnxTensor[] = [];
  for (const value of used) {
    const data = constantData(value);
    if (data !== null) tensors.push({ name: nameOf(value), dtype: value.dtype, shape: value.shape, data: toBytes(data) });
  }
  return tensors;
}

function info(name: string, { dtype, shape }: Value): OnnxValueInfo {
  return { name, dtype, shape };
}
