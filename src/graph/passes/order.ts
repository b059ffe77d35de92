/**
 * The order in which nodes stand in a file, chosen for what it makes ONNX Runtime do. On one thread of nodes it does not run a file
 * from top to bottom: from each end of the graph it walks back, and of a node's inputs it first computes the one whose node stands
 * last in the file. So what stands early is computed late:
 *
 * - Nodes stand by their distance from the graph's inputs. The long way is computed first, and what is quickly made from kept
 *   values (the mask of a rectifier) just before it is used, instead of all masks before the first gradient.
 * - The parts of a Concat that nobody else reads stand right before it, those near the inputs last; so do, at the end of the file,
 *   nodes that make outputs only. The parts of a gradient are then computed on the way back through the network, and the values that they alone
 *   need are given up there.
 */
import type { Value } from "../value.js";
import type { DraftNode } from "./draft.js";

/** The same nodes in another topological order. */
export function orderForMemory(nodes: readonly DraftNode[], outputs: Iterable<Value>): DraftNode[] {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((y) => [y, node] as const)));
  const readers = readersOf(nodes, outputs);
  const depth = new Map<DraftNode, number>();
  for (const node of nodes) depth.set(node, 1 + Math.max(-1, ...node.inputs.map((x) => depth.get(producers.get(x)!) ?? -1)));

  const part = new Map<DraftNode, DraftNode>();
  const ends = new Set<DraftNode>();
  for (const node of nodes) {
    const [reader, ...others] = node.outputs.flatMap((y) => [...(readers.get(y) ?? [])]);
    if (reader?.op === "Concat" && others.length === 0) part.set(node, reader);
    if (reader === null && others.every((other) => other === null)) ends.add(node);
  }
  const place = (node: DraftNode): readonly [number, number] => {
    if (ends.has(node)) return [Infinity, -depth.get(node)!];
    const whole = part.get(node);
    return whole === undefined ? [depth.get(node)!, 0] : [depth.get(whole)! - 0.5, -depth.get(node)!];
  };
  const places = new Map(nodes.map((node) => [node, place(node)]));
  return nodes.toSorted((a, b) => {
    const [[a0, a1], [b0, b1]] = [places.get(a)!, places.get(b)!];
    return (a0 === b0 ? 0 : a0 - b0) || a1 - b1;
  });
}

/** Who reads a value; null stands for the caller. */
function readersOf(nodes: readonly DraftNode[], outputs: Iterable<Value>): ReadonlyMap<Value, ReadonlySet<DraftNode | null>> {
  const readers = new Map<Value, Set<DraftNode | null>>();
  const note = (x: Value, reader: DraftNode | null): void => void (readers.get(x) ?? readers.set(x, new Set()).get(x)!).add(reader);
  for (const node of nodes) for (const x of node.inputs) note(x, node);
  for (const x of outputs) note(x, null);
  return readers;
}
