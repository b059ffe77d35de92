/** Element types of all values of an ONNX graph, from its inputs, weights and operators: models carry none for values in between. */
import { dtypeNumbers } from "./onnx-schema.js";
import type { Dtype, OnnxGraph, OnnxNode } from "./onnx.js";

/** Types by name; a value is missing where its operator is not known. `outer` are the values that a subgraph of a Loop or an If may read. */
export function valueTypes(graph: OnnxGraph, outer: ReadonlyMap<string, Dtype> = new Map()): Map<string, Dtype> {
  const types = new Map(outer);
  for (const { name, dtype } of [...graph.inputs, ...graph.initializers, ...graph.outputs]) types.set(name, dtype);
  for (const node of graph.nodes) {
    node.outputs.forEach((name, i) => {
      const dtype = name === "" || types.has(name) ? undefined : outputType(node, i, types);
      if (dtype !== undefined) types.set(name, dtype);
    });
  }
  return types;
}

/** Operators whose outputs, from the given one on, have a type of their own. */
const fixed: Readonly<Partial<Record<string, { readonly from: number; readonly dtype: Dtype }>>> = {
  ...Object.fromEntries(["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "And", "Or", "Xor", "Not", "IsNaN", "IsInf"].map((op) => [op, { from: 0, dtype: "bool" as const }])),
  ...Object.fromEntries(["Shape", "Size", "ArgMax", "ArgMin", "NonZero", "NonMaxSuppression"].map((op) => [op, { from: 0, dtype: "int64" as const }])),
  TopK: { from: 1, dtype: "int64" },
  MaxPool: { from: 1, dtype: "int64" },
  Unique: { from: 1, dtype: "int64" },
  Dropout: { from: 1, dtype: "bool" },
  LayerNormalization: { from: 1, dtype: "float32" },
};

/** Operators whose type is that of another input than the first. */
const typedBy: Readonly<Partial<Record<string, number>>> = { Where: 1, OneHot: 2, CastLike: 1, DequantizeLinear: 1, QuantizeLinear: 2 };

/** Operators with an attribute that holds a type, and what they make without it. */
const typeAttributes: Readonly<Partial<Record<string, string>>> = { Cast: "to", RandomNormal: "dtype", RandomUniform: "dtype", RandomNormalLike: "dtype", RandomUniformLike: "dtype", EyeLike: "dtype" };

function outputType(node: OnnxNode, index: number, types: ReadonlyMap<string, Dtype>): Dtype | undefined {
  const { op, attributes } = node;
  const own = fixed[op];
  if (own !== undefined && index >= own.from) return own.dtype;
  const named = attributes[typeAttributes[op] ?? ""];
  if (named?.kind === "int") return (Object.keys(dtypeNumbers) as Dtype[]).find((dtype) => dtypeNumbers[dtype] === named.value);
  if (op === "RandomNormal" || op === "RandomUniform") return "float32";
  const value = attributes["value"];
  if (op === "Constant" || op === "ConstantOfShape") return value?.kind === "tensor" ? value.value.dtype : constantKinds[Object.keys(attributes)[0] ?? ""];
  if (op === "If" || op === "Loop" || op === "Scan") return bodyType(node, index, types);
  return types.get(node.inputs[typedBy[op] ?? 0] ?? "");
}

/** Types of the short forms of a Constant; a ConstantOfShape without a value is float32. */
const constantKinds: Readonly<Partial<Record<string, Dtype>>> = { "": "float32", value_float: "float32", value_floats: "float32", value_int: "int64", value_ints: "int64" };

/** The first output of a Loop's body is its condition and no output of the node. */
function bodyType(node: OnnxNode, index: number, types: ReadonlyMap<string, Dtype>): Dtype | undefined {
  const body = Object.values(node.attributes).find((attribute) => attribute.kind === "graph")?.value;
  return body === undefined ? undefined : valueTypes(body, types).get(body.outputs[node.op === "Loop" ? index + 1 : index]?.name ?? "");
}
