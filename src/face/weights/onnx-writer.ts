/** Puts an ONNX graph together node by node, for networks whose structure was fixed elsewhere. */
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "../../graph/onnx.js";

/** A plain number is an integer attribute. */
export type AttributeValue = number | readonly number[] | string | { readonly float: number };

export class OnnxWriter {
  readonly #name: string;
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  readonly #inputs: OnnxValueInfo[] = [];
  readonly #outputs: OnnxValueInfo[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, shape: readonly number[]): string {
    this.#inputs.push({ name, dtype: "float32", shape });
    return name;
  }

  output(name: string, value: string, shape: readonly number[]): void {
    this.#nodes.push({ op: "Identity", name: `output/${name}`, domain: "", inputs: [value], outputs: [name], attributes: {} });
    this.#outputs.push({ name, dtype: "float32", shape });
  }

  /** A float32 constant; a vector where no shape is given. */
  floats(values: ArrayLike<number>, shape: readonly number[] = [values.length]): string {
    const data = Float32Array.from(values);
    const name = `w${this.#initializers.size}`;
    this.#initializers.set(name, { name, dtype: "float32", shape, data: new Uint8Array(data.buffer) });
    return name;
  }

  /** An int64 vector (shapes, axes, indices); equal ones are shared. */
  integers(values: readonly number[]): string {
    const name = `i[${values.join(",")}]`;
    const data = BigInt64Array.from(values, BigInt);
    this.#initializers.set(name, { name, dtype: "int64", shape: [values.length], data: new Uint8Array(data.buffer) });
    return name;
  }

  /** Adds a node with one output and returns that output's name. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const name = `${op}_${this.#nodes.length}`;
    const typed = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attribute(value)]));
    this.#nodes.push({ op, name, domain: "", inputs, outputs: [name], attributes: typed });
    return name;
  }

  toModel(): OnnxModel {
    return {
      irVersion: 8,
      opset: 17,
      producer: "talkface",
      graph: {
        name: this.#name,
        nodes: this.#nodes,
        initializers: [...this.#initializers.values()],
        inputs: this.#inputs,
        outputs: this.#outputs,
      },
      metadata: {},
    };
  }
}

function attribute(value: AttributeValue): OnnxAttribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  return "float" in value ? { kind: "float", value: value.float } : { kind: "ints", value };
}
