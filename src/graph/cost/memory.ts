/** How much memory the values of a graph take at most while it runs node by node in the order of the file. */
import { dtypeBytes } from "../onnx-schema.js";
import type { Draft, DraftNode } from "../passes/draft.js";
import { sizeOf } from "../shape.js";
import type { Value } from "../value.js";

export interface MemoryCost {
  /** Constants of the file. */
  readonly weightBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Most bytes that values between nodes and outputs hold at one time; scratch memory inside operators is not in it. */
  readonly peakActivationBytes: number;
  /** Node at which that is. */
  readonly peakNode: string;
}

/** Operators whose result is their input's memory. */
const views: ReadonlySet<string> = new Set(["Reshape", "Identity"]);

/** Operators that may write their result over an operand of the same size that nobody reads later. */
const inPlace: ReadonlySet<string> = new Set(
  ("Abs Add Ceil Clip Cos Div Elu Erf Exp Floor HardSigmoid LeakyRelu Log Mul Neg Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Sub Tanh " +
    "Softmax").split(" "),
);

export function bytesOf({ dtype, shape }: Value): number {
  return sizeOf(shape) * dtypeBytes[dtype];
}

export function memoryCost(draft: Draft, inputs: readonly Value[]): MemoryCost {
  const owners = ownersOf(draft);
  const owner = (value: Value): Value => owners.get(value) ?? value;
  const lastReads = new Map<Value, number>();
  draft.nodes.forEach((node, i) => node.inputs.forEach((x) => lastReads.set(owner(x), i)));
  for (const value of draft.outputs.values()) lastReads.set(owner(value), draft.nodes.length);

  const constants = new Set(draft.nodes.flatMap((node) => node.inputs).filter((x) => draft.constantData(x) !== null));
  const held = new Set<Value>();
  let [now, peak, peakNode] = [0, 0, ""];
  draft.nodes.forEach((node, i) => {
    const reused = inPlace.has(node.op) ? dyingOperand(node, owner, (x) => held.has(x) && lastReads.get(x) === i) : null;
    for (const y of node.outputs) {
      if (owner(y) !== y) continue; // a view
      held.add(y);
      if (reused === null) now += bytesOf(y);
    }
    if (reused !== null) held.delete(reused);
    if (now > peak) [peak, peakNode] = [now, node.name];
    for (const value of new Set([...node.inputs, ...node.outputs].map(owner))) {
      if (held.has(value) && (lastReads.get(value) ?? i) <= i) {
        held.delete(value);
        now -= bytesOf(value);
      }
    }
  });
  const total = (values: Iterable<Value>): number => [...values].reduce((sum, value) => sum + bytesOf(value), 0);
  return { weightBytes: total(constants), inputBytes: total(inputs), outputBytes: total(draft.outputs.values()), peakActivationBytes: peak, peakNode };
}

/** The value whose memory a view shows. */
function ownersOf({ nodes }: Draft): Map<Value, Value> {
  const owners = new Map<Value, Value>();
  for (const { op, inputs, outputs } of nodes) if (views.has(op)) owners.set(outputs[0]!, owners.get(inputs[0]!) ?? inputs[0]!);
  return owners;
}

function dyingOperand({ inputs, outputs: [y] }: DraftNode, owner: (value: Value) => Value, dies: (value: Value) => boolean): Value | null {
  return inputs.map(owner).find((x) => dies(x) && bytesOf(x) === bytesOf(y!)) ?? null;
}
