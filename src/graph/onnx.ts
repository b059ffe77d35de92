/** ONNX files as plain values: the only module that knows protobuf. */
import { TalkfaceError } from "../base/errors.js";
import { attributeTypes, dtypeBytes, dtypeNumbers, modelType } from "./onnx-schema.js";
import type { AttributeMessage, Dtype, GraphMessage, ModelMessage, TensorMessage, ValueInfoMessage } from "./onnx-schema.js";
import { decodeGraph, safeInteger } from "./onnx-decode.js";

export type { Dtype } from "./onnx-schema.js";

export interface OnnxTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Raw little-endian values. Decoded tensors own their memory, aligned for any typed array. */
  readonly data: Uint8Array;
}

export type OnnxAttribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensor"; readonly value: OnnxTensor }
  | { readonly kind: "graph"; readonly value: OnnxGraph };

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  /** "" is ONNX's own domain. */
  readonly domain: string;
  /** "" stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: Dtype;
  /** A string is a symbolic size. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxModel {
  readonly irVersion: number;
  /** Version of ONNX's own operator set. */
  readonly opset: number;
  readonly producer: string;
  readonly graph: OnnxGraph;
  readonly metadata: Readonly<Record<string, string>>;
}

const protobufLimit = 2 ** 31 - 1;

/** Bytes of an .onnx file. Equal models give equal bytes: attributes and metadata are written in the order of their names. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const domains = [...foreignDomains(model.graph)].sort();
  const message: ModelMessage = {
    irVersion: model.irVersion,
    producerName: model.producer,
    graph: encodeGraph(model.graph),
    opsetImport: [{ domain: "", version: model.opset }, ...domains.map((domain) => ({ domain, version: 1 }))],
    metadataProps: byName(model.metadata).map(([key, value]) => ({ key, value })),
  };
  const bytes = modelType.encode(message).finish();
  if (bytes.length > protobufLimit) {
    throw new TalkfaceError("graph", `the network "${model.graph.name}" takes ${bytes.length} bytes as ONNX, more than the format's 2 GiB. Choose smaller sizes.`);
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads an .onnx file that may come from anywhere; `where` names it in errors. Throws `bad-model`. */
export function decodeModel(bytes: Uint8Array, where: string): OnnxModel {
  const refuse = (what: string): TalkfaceError => new TalkfaceError("bad-model", `${where}: ${what}`);
  let message: ModelMessage;
  try {
    // Fields that the file leaves out must come back as their defaults, hence toObject.
    message = modelType.toObject(modelType.decode(bytes), { longs: String, arrays: true }) as ModelMessage;
  } catch (error) {
    throw new TalkfaceError("bad-model", `${where}: not an ONNX file (${(error as Error).message}).`, { cause: error });
  }
  if (message.graph === undefined) throw refuse("not an ONNX file (it holds no graph).");
  if (message.functions?.length) throw refuse("defines functions of its own, which are not supported. Export the model with functions inlined.");
  const own = message.opsetImport?.find(({ domain }) => domain === undefined || domain === "" || domain === "ai.onnx");
  if (own === undefined) throw refuse("names no version of ONNX's operator set.");
  return {
    irVersion: safeInteger(message.irVersion ?? 0, "the IR version", refuse),
    opset: safeInteger(own.version ?? 0, "the operator set version", refuse),
    producer: message.producerName ?? "",
    graph: decodeGraph(message.graph, refuse),
    metadata: Object.fromEntries((message.metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""])),
  };
}

function encodeGraph(graph: OnnxGraph): GraphMessage {
  return {
    name: graph.name,
    node: graph.nodes.map((node) => ({
      input: node.inputs,
      output: node.outputs,
      name: node.name,
      opType: node.op,
      attribute: byName(node.attributes).map(([name, attribute]) => encodeAttribute(name, attribute)),
      ...(node.domain === "" ? {} : { domain: node.domain }),
    })),
    initializer: graph.initializers.map(encodeTensor),
    input: graph.inputs.map(encodeValueInfo),
    output: graph.outputs.map(encodeValueInfo),
  };
}

function encodeAttribute(name: string, attribute: OnnxAttribute): AttributeMessage {
  const type = attributeTypes[attribute.kind];
  switch (attribute.kind) {
    case "int":
      return { name, type, i: attribute.value };
    case "float":
      return { name, type, f: attribute.value };
    case "string":
      return { name, type, s: new TextEncoder().encode(attribute.value) };
    case "ints":
      return { name, type, ints: attribute.value };
    case "floats":
      return { name, type, floats: attribute.value };
    case "strings":
      return { name, type, strings: attribute.value.map((text) => new TextEncoder().encode(text)) };
    case "tensor":
      return { name, type, t: encodeTensor(attribute.value) };
    case "graph":
      return { name, type, g: encodeGraph(attribute.value) };
  }
}

function encodeTensor({ name, dtype, shape, data }: OnnxTensor): TensorMessage {
  const expected = shape.reduce((product, size) => product * size, dtypeBytes[dtype]);
  if (data.length !== expected) {
    throw new TalkfaceError("internal", `internal: tensor "${name}" ${dtype} [${shape.join(", ")}] holds ${data.length} bytes, expected ${expected}.`);
  }
  return { name, dims: shape, dataType: dtypeNumbers[dtype], rawData: data };
}

function encodeValueInfo({ name, dtype, shape }: OnnxValueInfo): ValueInfoMessage {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : size === "" ? {} : { dimParam: size }));
  return { name, type: { tensorType: { elemType: dtypeNumbers[dtype], shape: { dim } } } };
}

function byName<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function foreignDomains(graph: OnnxGraph, found = new Set<string>()): Set<string> {
  for (const node of graph.nodes) {
    if (node.domain !== "" && node.domain !== "ai.onnx") found.add(node.domain);
    for (const attribute of Object.values(node.attributes)) if (attribute.kind === "graph") foreignDomains(attribute.value, found);
  }
  return found;
}
