/** Common subexpressions: nodes that compute the same become one. */
import { sha256 } from "../../base/files.js";
import type { OnnxAttribute } from "../onnx.js";
import type { Value } from "../value.js";
import { marker, type DraftNode } from "./draft.js";

/** a∘b has the bits of b∘a. */
const commutative: ReadonlySet<string> = new Set(["Add", "Mul", "Equal"]);

/** Operators that give another result each time. */
const random: ReadonlySet<string> = new Set(["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial", "Dropout"]);

export class Merger {
  readonly #nodes = new Map<string, DraftNode>();
  readonly #numbers = new Map<Value, number>();

  /** An earlier node that computes the same: equal operator, inputs, attributes and, for Identity, marker. */
  equalTo(node: DraftNode): DraftNode | null {
    if (random.has(node.op) || Object.values(node.attributes).some(({ kind }) => kind === "graph")) return null;
    const inputs = node.inputs.map((x) => this.#number(x));
    if (commutative.has(node.op)) inputs.sort((a, b) => a - b);
    const attributes = Object.entries(node.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([node.op, marker(node), node.outputs.length, inputs, attributes.map(([name, attribute]) => [name, attributeKey(attribute)])]);
    const known = this.#nodes.get(key);
    if (known === undefined) this.#nodes.set(key, node);
    return known ?? null;
  }

  #number(x: Value): number {
    const number = this.#numbers.get(x) ?? this.#numbers.size;
    this.#numbers.set(x, number);
    return number;
  }
}

function attributeKey(attribute: OnnxAttribute): unknown {
  if (attribute.kind !== "tensor") return attribute;
  const { dtype, shape, data } = attribute.value;
  return [dtype, shape, sha256(data)];
}
