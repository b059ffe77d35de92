/** From a graph to an ONNX model: live nodes only, outputs under their own names, constants as initializers. */
import { toBytes } from "./dtype.js";
import type { Graph } from "./graph.js";
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "./onnx.js";
import type { Node, Value } from "./value.js";

/** Opset 17: newer versions of some operators have no CUDA kernel in ONNX Runtime. */
const opset = 17;
const irVersion = 8;

export function encodeGraph(graph: Graph, metadata: Readonly<Record<string, string>>): OnnxModel {
  if (graph.outputs.size === 0) graph.fail("toModel", "the graph has no outputs. Name at least one with output().");
  const live = liveNodes([...graph.outputs.values()], graph.nodes);
  const { names, copies } = nameOutputs(graph);
  const nameOf = (value: Value): string => names.get(value) ?? value.name;

  const nodes: OnnxNode[] = live.map((node) => ({
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
  checkNames(graph, live, nameOf, copies);

  return {
    irVersion,
    opset,
    producer: "talkface",
    graph: {
      name: graph.name,
      nodes,
      initializers: constantsOf(graph, live, copies, nameOf),
      inputs: graph.inputs.map((x) => info(x.name, x)),
      outputs: [...graph.outputs].map(([name, value]) => info(name, value)),
    },
    metadata,
  };
}

/** Nodes on which the values depend, in order of creation. */
export function liveNodes(values: readonly Value[], nodes: readonly Node[]): Node[] {
  const wanted = new Set<Node>();
  for (const { producer } of values) if (producer !== null) wanted.add(producer);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!wanted.has(node)) continue;
    for (const { producer } of node.inputs) if (producer !== null) wanted.add(producer);
  }
  return nodes.filter((node) => wanted.has(node));
}

/** Outputs take the name of the value they show; inputs, constants and values shown twice need an Identity. */
function nameOutputs(graph: Graph): { names: Map<Value, string>; copies: [string, Value][] } {
  const names = new Map<Value, string>();
  const copies: [string, Value][] = [];
  for (const [name, value] of graph.outputs) {
    if (value.producer === null || names.has(value)) copies.push([name, value]);
    else names.set(value, name);
  }
  return { names, copies };
}

function checkNames(graph: Graph, live: readonly Node[], nameOf: (value: Value) => string, copies: readonly [string, Value][]): void {
  const seen = new Set(graph.inputs.map((x) => x.name));
  for (const name of [...live.flatMap((node) => node.outputs.map(nameOf)), ...copies.map(([name]) => name)]) {
    if (seen.has(name)) graph.fail("toModel", `two values have the name "${name}". Rename the output or the input.`);
    seen.add(name);
  }
}

function constantsOf(graph: Graph, live: readonly Node[], copies: readonly [string, Value][], nameOf: (value: Value) => string): OnnxTensor[] {
  const used = new Set<Value>();
  for (const value of [...live.flatMap((node) => node.inputs), ...copies.map(([, value]) => value)]) {
    if (value.producer === null) used.add(value);
  }
  const tensors: OnnxTensor[] = [];
  for (const value of used) {
    const data = graph.constantData(value);
    if (data !== null) tensors.push({ name: nameOf(value), dtype: value.dtype, shape: value.shape, data: toBytes(data) });
  }
  return tensors;
}

function info(name: string, { dtype, shape }: Value): OnnxValueInfo {
  return { name, dtype, shape };
}
