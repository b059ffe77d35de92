/** A graph on its way to a file: what the passes read and rewrite. The Graph itself stays as it was built. */
import type { TypedArray } from "../dtype.js";
import type { Node, Value } from "../value.js";

/** A node as it will be written; unlike `Value.producer`, its inputs are those after the passes. */
export type DraftNode = Pick<Node, "op" | "name" | "inputs" | "outputs" | "attributes">;

export interface Draft {
  /** In topological order. */
  readonly nodes: readonly DraftNode[];
  readonly outputs: ReadonlyMap<string, Value>;
  /** Elements of a constant, or null for any other value. */
  readonly constantData: (value: Value) => TypedArray | null;
}

/**
 * How an Identity node steers gradients (`stop_gradient`, `scale_gradient:λ`), by which readers of the file know it; empty for
 * every other node.
 */
export function marker({ op, name }: Pick<Node, "op" | "name">): string {
  if (op !== "Identity") return "";
  return /stop_gradient|scale_gradient:-?[0-9.]+(?:e-?[0-9]+)?/.exec(name.slice(name.lastIndexOf("/") + 1))?.[0] ?? "";
}
