/** Nodes that change nothing, or nothing that one node before them could not do: each rule keeps every bit of the result. */
import { sameShape } from "../shape.js";
import type { Value } from "../value.js";
import { marker, type Draft, type DraftNode } from "./draft.js";

export interface Surroundings {
  readonly constantData: Draft["constantData"];
  /** The node that computes a value, after the passes. */
  readonly producerOf: (value: Value) => DraftNode | undefined;
}

/** A value to take instead of the node's only output, or the node reading from further up, or null where there is nothing to gain. */
export function shorten(node: DraftNode, around: Surroundings): Value | DraftNode | null {
  const x = node.inputs[0];
  const y = node.outputs[0];
  if (x === undefined || y === undefined || node.outputs.length !== 1) return null;
  const unchanged = x.dtype === y.dtype && sameShape(x.shape, y.shape);
  const before = around.producerOf(x);
  switch (node.op) {
    case "Identity":
      return marker(node) === "" ? x : null;
    case "Cast":
    case "Expand":
      return unchanged ? x : node.op === before?.op && node.op === "Expand" ? skip(node, before) : null;
    case "Reshape":
      if (unchanged) return x;
      if (before?.op !== "Reshape") return null;
      return sameShape(before.inputs[0]!.shape, y.shape) ? before.inputs[0]! : skip(node, before);
    case "Transpose":
      return transposed(node, x, before);
    case "Mul":
    case "Div":
      return timesOne(node, around);
    default:
      return null;
  }
}

function skip(node: DraftNode, before: DraftNode): DraftNode {
  return { ...node, inputs: [before.inputs[0]!, ...node.inputs.slice(1)] };
}

function transposed(node: DraftNode, x: Value, before: DraftNode | undefined): Value | DraftNode | null {
  const outer = permOf(node);
  if (outer === null) return null;
  if (isInOrder(outer)) return x;
  const inner = before?.op === "Transpose" ? permOf(before) : null;
  if (before === undefined || inner === null) return null;
  const both = outer.map((axis) => inner[axis]!);
  if (isInOrder(both)) return before.inputs[0]!;
  return { ...skip(node, before), attributes: { ...node.attributes, perm: { kind: "ints", value: both } } };
}

function permOf({ attributes: { perm } }: DraftNode): readonly number[] | null {
  return perm?.kind === "ints" ? perm.value : null;
}

function isInOrder(perm: readonly number[]): boolean {
  return perm.every((axis, i) => axis === i);
}

/** x·1, 1·x and x/1, where the ones do not broadcast x. */
function timesOne({ op, inputs: [a, b], outputs }: DraftNode, { constantData }: Surroundings): Value | null {
  const ones = (x: Value): boolean => constantData(x)?.every((n: number | bigint) => n === 1) === true && x.dtype === "float32";
  if (a === undefined || b === undefined) return null;
  if (sameShape(a.shape, outputs[0]!.shape) && ones(b)) return a;
  return op === "Mul" && sameShape(b.shape, outputs[0]!.shape) && ones(a) ? b : null;
}
