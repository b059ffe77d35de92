/** Models of one node, made by hand as another tool would write them. */
import { arrayOf, toBytes } from "../../src/graph/dtype.js";
import type { Dtype, OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from "../../src/graph/onnx.js";

/** Shape of a float32 input, or a constant; null leaves an optional input out. */
export type NodeInput = readonly number[] | OnnxTensor | null;

export type Attributes = Readonly<Record<string, number | string | readonly number[] | readonly string[] | { readonly float: number } | OnnxTensor>>;

export function tensor(values: readonly number[], shape: readonly number[] = [values.length], dtype: Dtype = "float32", name = ""): OnnxTensor {
  return { name, dtype, shape, data: toBytes(arrayOf(dtype, values)) };
}

export const integers = (...values: readonly number[]): OnnxTensor => tensor(values, [values.length], "int64");

/** The model's inputs are `x0`, `x1` … by place; its outputs `y0` … */
export function oneNode(op: string, inputs: readonly NodeInput[], attributes: Attributes = {}, { opset = 17, outputs = 1 } = {}): OnnxModel {
  const names = inputs.map((input, i) => (input === null ? "" : `x${i}`));
  const node: OnnxNode = {
    op,
    name: `here/${op}`,
    domain: "",
    inputs: names,
    outputs: Array.from({ length: outputs }, (_, i) => `y${i}`),
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(value)])),
  };
  return {
    irVersion: 8,
    opset,
    producer: "by hand",
    metadata: {},
    graph: {
      name: op,
      nodes: [node],
      initializers: inputs.flatMap((input, i) => (input !== null && "dtype" in input ? [{ ...input, name: names[i]! }] : [])),
      inputs: inputs.flatMap((input, i) => (input !== null && !("dtype" in input) ? [{ name: names[i]!, dtype: "float32" as const, shape: input }] : [])),
      outputs: node.outputs.map((name) => ({ name, dtype: "float32" as const, shape: [] })),
    },
  };
}

function attribute(value: Attributes[string]): OnnxAttribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  if ("float" in value) return { kind: "float", value: value.float };
  if ("dtype" in value) return { kind: "tensor", value };
  return value.length > 0 && typeof value[0] === "string" ? { kind: "strings", value: value as readonly string[] } : { kind: "ints", value: value as readonly number[] };
}
