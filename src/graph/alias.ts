/**
 * May an output share its buffer with an input? ONNX Runtime knows nothing of such an alias and orders nodes by data
 * dependence only, so it is safe only where every node that reads the input must have run before the output is written.
 */
import type { OnnxGraph, OnnxModel, OnnxNode } from "./onnx.js";

export interface AliasPair {
  readonly input: string;
  readonly output: string;
}

/**
 * The pairs that may share a buffer: every reader of the input is the writer of the output or one of its ancestors,
 * types and shapes agree, the input is no output itself and no other pair of the list takes part in it.
 */
export function provenAliases(model: OnnxModel, pairs: readonly AliasPair[]): AliasPair[] {
  const { graph } = model;
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const seen = new Set<string>();
  return pairs.filter(({ input, output }) => {
    if (seen.has(input) || seen.has(output)) return false;
    const proven = sameType(graph, input, output) && !graph.outputs.some(({ name }) => name === input) && readersComeFirst(graph, writers, input, output);
    if (proven) seen.add(input).add(output);
    return proven;
  });
}

function sameType(graph: OnnxGraph, input: string, output: string): boolean {
  const [a, b] = [graph.inputs.find(({ name }) => name === input), graph.outputs.find(({ name }) => name === output)];
  if (a === undefined || b === undefined || a.dtype !== b.dtype || a.shape.length !== b.shape.length) return false;
  return a.shape.every((n, i) => typeof n === "number" && n === b.shape[i]);
}

/**
 * A node that passes its input's buffer on (Reshape and its kin run in place) counts as reader too where it stands: its
 * own readers see the input's memory. So the values that may be views of the input are followed.
 */
function readersComeFirst(graph: OnnxGraph, writers: ReadonlyMap<string, OnnxNode>, input: string, output: string): boolean {
  const writer = writers.get(output);
  if (writer === undefined) return false;
  const before = ancestors(writer, writers);
  const views = new Set([input]);
  for (const node of graph.nodes) {
    if (node.inputs[0] !== undefined && views.has(node.inputs[0]) && viewOperators.has(node.op)) node.outputs.forEach((name) => views.add(name));
  }
  return graph.nodes.every((node) => {
    const reads = [...node.inputs, ...captured(node)].some((name) => views.has(name));
    return !reads || node === writer || before.has(node);
  });
}

/** Operators whose output may be the input's memory. */
const viewOperators: ReadonlySet<string> = new Set(["Reshape", "Identity", "Squeeze", "Unsqueeze", "Flatten"]);

function ancestors(node: OnnxNode, writers: ReadonlyMap<string, OnnxNode>): ReadonlySet<OnnxNode> {
  const found = new Set<OnnxNode>();
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const name of [...next.inputs, ...captured(next)]) {
      const writer = writers.get(name);
      if (writer !== undefined && !found.has(writer)) {
        found.add(writer);
        open.push(writer);
      }
    }
  }
  return found;
}

/** Names that the subgraphs of a node (Loop, If) read, including those of the outer graph. */
function captured(node: OnnxNode): string[] {
  return Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === "graph"
      ? [...attribute.value.nodes.flatMap((inner) => [...inner.inputs, ...captured(inner)]), ...attribute.value.outputs.map(({ name }) => name)]
      : [],
  );
}
