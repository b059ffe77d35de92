/** Dead-node removal. */
import type { Node, Value } from "../value.js";

/** The nodes on which the values depend, in the order given, which must be topological. */
export function liveNodes<N extends Pick<Node, "inputs" | "outputs">>(values: Iterable<Value>, nodes: readonly N[]): N[] {
  const wanted = new Set<Value>(values);
  const live: N[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((y) => wanted.has(y))) continue;
    live.push(node);
    node.inputs.forEach((x) => wanted.add(x));
  }
  return live.reverse();
}
