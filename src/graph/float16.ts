/**
 * Models in float16 for GPUs: half the bytes, and the fast units for what takes the time. Inputs and outputs stay float32.
 *
 * Float16 begins at convolutions and products with weights, and lasts as long as all that a node reads comes from it. So places in pixels,
 * masks, and what is computed with them before a layer keep their digits: at 128 pixels a float16 is off by up to 1/16.
 */
import { TalkfaceError } from "../base/errors.js";
import { fromBytes, toBytes } from "./dtype.js";
import { halfBits, halfValue, largestHalf, smallestHalf } from "./half.js";
import { dtypeNumbers } from "./onnx-schema.js";
import type { Dtype, OnnxModel, OnnxNode, OnnxTensor } from "./onnx.js";
import { valueTypes } from "./value-types.js";

/** Layers: float16 whatever they read, where one of these inputs is a constant. */
const layers: Readonly<Partial<Record<string, readonly number[]>>> = { Conv: [1], ConvTranspose: [1], MatMul: [0, 1], Gemm: [0, 1] };

/** Operators that go on in float16: they neither sum many numbers nor leave the range, and CUDA and WebGPU have kernels for them. */
const followers: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "MatMul", "Gemm", "Add", "Sub", "Mul", "Neg", "Abs", "Clip", "Min", "Max", "Relu", "LeakyRelu", "PRelu", "Elu", "Sigmoid", "Tanh"],
  ...["Reshape", "Transpose", "Concat", "Split", "Slice", "Expand", "Gather", "Pad", "Tile", "Squeeze", "Unsqueeze", "Flatten", "Identity", "DepthToSpace", "Resize", "MaxPool", "AveragePool"],
]);

/** Inputs that are float32 by ONNX's definition, whatever the type of the node. */
const floatInputs: Readonly<Partial<Record<string, readonly number[]>>> = { Resize: [1, 2] };

/** Numbers of more elements than this are weights; a smaller constant (an epsilon, a bound) that float16 cannot hold keeps its node in float32. */
const weightSize = 64;

/** The model with weights and layers in float16. */
export function toFloat16(model: OnnxModel): OnnxModel {
  return { ...model, graph: new Conversion(model).graph() };
}

/** A weight of a model of either precision under its own name and in float32; null for a constant of another type. */
export function widened(tensor: OnnxTensor): OnnxTensor | null {
  if (tensor.dtype !== "float16") return tensor.dtype === "float32" ? tensor : null;
  const name = tensor.name.endsWith(halfSuffix) ? tensor.name.slice(0, -halfSuffix.length) : tensor.name;
  return { name, dtype: "float32", shape: tensor.shape, data: toBytes(Float32Array.from(fromBytes("float16", tensor.data) as Uint16Array, halfValue)) };
}

const halfSuffix = "/float16";

class Conversion {
  readonly #model: OnnxModel;
  readonly #types: ReadonlyMap<string, Dtype>;
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  /** Values that are computed in float16, and constants that are read so. */
  readonly #half = new Set<string>();
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  /** Values cast already, by their new names. */
  readonly #casts = new Set<string>();

  constructor(model: OnnxModel) {
    this.#model = model;
    this.#types = valueTypes(model.graph);
    this.#constants = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  }

  graph(): OnnxModel["graph"] {
    const { graph } = this.#model;
    for (const node of graph.nodes) this.#convert(node);
    for (const { name } of graph.outputs) if (this.#half.has(name)) this.#nodes.push(castNode(halfName(name), name, "float32"));
    for (const { name } of graph.outputs) if (this.#constants.has(name)) this.#keep(name);
    return { ...graph, nodes: this.#nodes, initializers: [...this.#initializers.values()] };
  }

  #convert(node: OnnxNode): void {
    if (Object.values(node.attributes).some(({ kind }) => kind === "graph")) {
      throw new TalkfaceError("graph", `node "${node.name}" (${node.op}) holds a graph, which float16 does not reach. Keep float32.`);
    }
    const isHalf = this.#isHalf(node);
    const stays = floatInputs[node.op] ?? [];
    const inputs = node.inputs.map((name, i) => (this.#types.get(name) !== "float32" ? this.#keep(name) : isHalf && !stays.includes(i) ? this.#asHalf(name) : this.#asFloat(name, node.op)));
    const outputs = node.outputs.map((name) => {
      if (!isHalf || this.#types.get(name) !== "float32") return name;
      this.#half.add(name);
      return halfName(name);
    });
    this.#nodes.push({ ...node, inputs, outputs });
  }

  #isHalf({ op, domain, inputs }: OnnxNode): boolean {
    if (domain !== "" || !followers.has(op)) return false;
    const stays = floatInputs[op] ?? [];
    const read = inputs.filter((name, i) => this.#types.get(name) === "float32" && !stays.includes(i));
    if (read.some((name) => !this.#fits(name))) return false;
    if (layers[op]?.some((i) => this.#constants.has(inputs[i] ?? "")) === true) return true;
    const computed = read.filter((name) => !this.#constants.has(name));
    return computed.length > 0 && computed.every((name) => this.#half.has(name));
  }

  /** Weights are rounded; what is small is a number with a meaning, and must be there after rounding. */
  #fits(name: string): boolean {
    const tensor = this.#constants.get(name);
    if (tensor === undefined) return true;
    const isWeight = tensor.data.length / 4 > weightSize;
    return (fromBytes("float32", tensor.data) as Float32Array).every((x) => Math.abs(x) <= largestHalf && (isWeight || x === 0 || Math.abs(x) >= smallestHalf));
  }

  #asHalf(name: string): string {
    const to = halfName(name);
    const constant = this.#constants.get(name);
    if (constant !== undefined) this.#initializers.set(to, halved(constant, to));
    else if (!this.#half.has(name)) this.#cast(name, to, "float16");
    return to;
  }

  /** A Cast reads what is there: two in a row would be one too many. */
  #asFloat(name: string, op: string): string {
    if (!this.#half.has(name)) return this.#keep(name);
    if (op === "Cast") return halfName(name);
    const isOutput = this.#model.graph.outputs.some((output) => output.name === name);
    const to = isOutput ? `${name}/float32` : name;
    this.#cast(halfName(name), to, "float32");
    return to;
  }

  #keep(name: string): string {
    const constant = this.#constants.get(name);
    if (constant !== undefined) this.#initializers.set(name, constant);
    return name;
  }

  #cast(from: string, to: string, dtype: "float16" | "float32"): void {
    if (this.#casts.has(to)) return;
    this.#casts.add(to);
    this.#nodes.push(castNode(from, to, dtype));
  }
}

function halfName(name: string): string {
  return `${name}${halfSuffix}`;
}

function castNode(from: string, to: string, dtype: "float16" | "float32"): OnnxNode {
  return { op: "Cast", name: `cast:${to}`, domain: "", inputs: [from], outputs: [to], attributes: { to: { kind: "int", value: dtypeNumbers[dtype] } } };
}

function halved(tensor: OnnxTensor, name: string): OnnxTensor {
  const halves = Uint16Array.from(fromBytes("float32", tensor.data) as Float32Array, halfBits);
  return { name, dtype: "float16", shape: tensor.shape, data: toBytes(halves) };
}
