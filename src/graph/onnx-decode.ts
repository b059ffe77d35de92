/** From protobuf messages of an untrusted ONNX file to checked values. */
import type { TalkfaceError } from "../base/errors.js";
import { attributeTypes, dtypeBytes, dtypeNumbers } from "./onnx-schema.js";
import type { AttributeMessage, Dtype, GraphMessage, Int64, NodeMessage, TensorMessage, ValueInfoMessage } from "./onnx-schema.js";
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValueInfo } from "./onnx.js";

/** Makes the error for one finding, naming the file. */
type Refuse = (what: string) => TalkfaceError;

export function decodeGraph(message: GraphMessage, refuse: Refuse): OnnxGraph {
  if (message.sparseInitializer?.length) throw refuse("holds sparse weights, which are not supported. Export the model with dense weights.");
  return {
    name: message.name ?? "",
    nodes: (message.node ?? []).map((node) => decodeNode(node, refuse)),
    initializers: (message.initializer ?? []).map((tensor) => decodeTensor(tensor, refuse)),
    inputs: (message.input ?? []).map((info) => decodeValueInfo(info, refuse)),
    outputs: (message.output ?? []).map((info) => decodeValueInfo(info, refuse)),
  };
}

/** 64-bit integers are read as text: beyond 2^53 a JavaScript number would round silently. */
export function safeInteger(value: Int64, what: string, refuse: Refuse): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw refuse(`${what} is ${value}, expected an integer within ±2^53.`);
  return number;
}

function decodeNode(node: NodeMessage, refuse: Refuse): OnnxNode {
  const label = `node "${node.name ?? ""}" (${node.opType ?? "no operator"})`;
  const attributes: Record<string, OnnxAttribute> = Object.create(null) as Record<string, OnnxAttribute>;
  for (const attribute of node.attribute ?? []) {
    attributes[attribute.name ?? ""] = decodeAttribute(attribute, label, refuse);
  }
  return {
    op: node.opType ?? "",
    name: node.name ?? "",
    domain: node.domain === "ai.onnx" ? "" : (node.domain ?? ""),
    inputs: [...(node.input ?? [])],
    outputs: [...(node.output ?? [])],
    attributes: { ...attributes },
  };
}

function decodeAttribute(attribute: AttributeMessage, label: string, refuse: Refuse): OnnxAttribute {
  const what = `${label}: attribute "${attribute.name ?? ""}"`;
  switch (attribute.type) {
    case attributeTypes.float:
      return { kind: "float", value: attribute.f ?? 0 };
    case attributeTypes.int:
      return { kind: "int", value: safeInteger(attribute.i ?? 0, what, refuse) };
    case attributeTypes.string:
      return { kind: "string", value: new TextDecoder().decode(attribute.s ?? new Uint8Array(0)) };
    case attributeTypes.floats:
      return { kind: "floats", value: [...(attribute.floats ?? [])] };
    case attributeTypes.ints:
      return { kind: "ints", value: (attribute.ints ?? []).map((value) => safeInteger(value, what, refuse)) };
    case attributeTypes.strings:
      return { kind: "strings", value: (attribute.strings ?? []).map((bytes) => new TextDecoder().decode(bytes)) };
    case attributeTypes.tensor:
      if (attribute.t === undefined) throw refuse(`${what} holds no tensor.`);
      return { kind: "tensor", value: decodeTensor(attribute.t, refuse) };
    case attributeTypes.graph:
      if (attribute.g === undefined) throw refuse(`${what} holds no graph.`);
      return { kind: "graph", value: decodeGraph(attribute.g, refuse) };
    default:
      throw refuse(`${what} has the type ${attribute.type ?? "(none)"}, expected a number, text, tensor or graph.`);
  }
}

function decodeTensor(message: TensorMessage, refuse: Refuse): OnnxTensor {
  const name = message.name ?? "";
  const what = `tensor "${name}"`;
  if (message.dataLocation === 1 || message.externalData?.length) {
    throw refuse(`${what} keeps its values in another file, which is not supported. Save the model as a single file.`);
  }
  const dtype = decodeDtype(message.dataType, what, refuse);
  const shape = (message.dims ?? []).map((size) => safeInteger(size, `a size of ${what}`, refuse));
  if (shape.some((size) => size < 0)) throw refuse(`${what} has the shape [${shape.join(", ")}], sizes cannot be negative.`);
  const count = shape.reduce((product, size) => product * size, 1);
  const data = message.rawData?.length ? message.rawData : listedValues(message, dtype, refuse);
  if (data.length !== count * dtypeBytes[dtype]) {
    throw refuse(`${what} ${dtype} [${shape.join(", ")}] holds ${data.length} bytes, expected ${count * dtypeBytes[dtype]}.`);
  }
  // A copy of its own: the file's bytes start at any offset, and views of wider types need an aligned one.
  return { name, dtype, shape, data: Uint8Array.from(data) };
}

/** Values in the typed lists that small tensors may use instead of raw bytes (see TensorProto in onnx.proto). */
function listedValues(message: TensorMessage, dtype: Dtype, refuse: Refuse): Uint8Array {
  const bytes = dtypeBytes[dtype];
  const write = <T>(values: readonly T[], put: (view: DataView, offset: number, value: T) => void): Uint8Array => {
    const view = new DataView(new ArrayBuffer(values.length * bytes));
    values.forEach((value, i) => put(view, i * bytes, value));
    return new Uint8Array(view.buffer);
  };
  switch (dtype) {
    case "float32":
      return write(message.floatData ?? [], (view, at, value) => view.setFloat32(at, value, true));
    case "float64":
      return write(message.doubleData ?? [], (view, at, value) => view.setFloat64(at, value, true));
    case "int64":
      return write(message.int64Data ?? [], (view, at, value) => view.setBigInt64(at, BigInt(value), true));
    case "uint64":
      return write(message.uint64Data ?? [], (view, at, value) => view.setBigUint64(at, BigInt(value), true));
    case "uint32":
      return write(message.uint64Data ?? [], (view, at, value) => view.setUint32(at, safeInteger(value, "a uint32 value", refuse), true));
    case "int32":
      return write(message.int32Data ?? [], (view, at, value) => view.setInt32(at, value, true));
    case "uint16":
    case "int16":
    case "float16": // bit patterns
      return write(message.int32Data ?? [], (view, at, value) => view.setUint16(at, value, true));
    case "uint8":
    case "int8":
    case "bool":
      return write(message.int32Data ?? [], (view, at, value) => view.setUint8(at, value));
  }
}

function decodeValueInfo(message: ValueInfoMessage, refuse: Refuse): OnnxValueInfo {
  const name = message.name ?? "";
  const tensor = message.type?.tensorType;
  if (tensor?.shape === undefined) throw refuse(`input or output "${name}" is not a tensor of known rank.`);
  const shape = (tensor.shape.dim ?? []).map(({ dimValue, dimParam }) =>
    dimValue === undefined ? (dimParam ?? "") : safeInteger(dimValue, `a size of "${name}"`, refuse),
  );
  return { name, dtype: decodeDtype(tensor.elemType, `"${name}"`, refuse), shape };
}

function decodeDtype(number: number | undefined, what: string, refuse: Refuse): Dtype {
  for (const [dtype, known] of Object.entries(dtypeNumbers)) if (known === number) return dtype as Dtype;
  throw refuse(`${what} has the element type ${number ?? "(none)"}, which is not supported.`);
}
