/**
 * Reads an ONNX model into a larger graph, as values that have gradients: a network from elsewhere becomes a loss, or is trained
 * further. Shapes are those of the values that the caller passes in; what they settle (Shape and what follows from it) is computed here.
 */
import { TalkfaceError } from "../../base/errors.js";
import { fromBytes } from "../dtype.js";
import type { Graph } from "../graph.js";
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "../onnx.js";
import { fold, type Constant } from "../passes/fold.js";
import { show, sizeOf } from "../shape.js";
import type { Value } from "../value.js";
import { NodeReader } from "./node-reader.js";
import { rules } from "./rules.js";

/** Versions of ONNX's operator set that the rules know. */
const opsets = [11, 18] as const;

/** Largest tensor that is computed while the graph is built. */
const foldLimit = 1 << 16;

/** Largest tensor of a graph; ONNX Runtime's own index arithmetic ends near here. */
const sizeLimit = 2 ** 31 - 1;

export interface ReadOptions {
  /** Values for the inputs of the model by name; their shapes bind its symbolic sizes. */
  readonly inputs: Readonly<Record<string, Value>>;
  /** Names of outputs, or of any inner tensors (feature maps), that are wanted; the model's outputs where absent. */
  readonly outputs?: readonly string[];
  /** Stands for a float32 weight of the file, for instance a part of `theta`; constants where absent. */
  readonly weight?: (tensor: OnnxTensor) => Value;
  /** Names the model in errors. */
  readonly where?: string;
}

/** The wanted values by name. Throws `bad-model` with node and operator where the model is not supported. */
export function readModel(graph: Graph, model: OnnxModel, options: ReadOptions): ReadonlyMap<string, Value> {
  const where = options.where ?? (model.graph.name === "" ? "model" : model.graph.name);
  if (model.opset < opsets[0] || model.opset > opsets[1]) {
    throw new TalkfaceError("bad-model", `${where}: uses version ${model.opset} of ONNX's operator set; ${opsets[0]} to ${opsets[1]} are supported. Export or convert it again (onnx.version_converter).`);
  }
  const reading = new Reading(graph, model, options, where);
  const wanted = options.outputs ?? model.graph.outputs.map(({ name }) => name);
  for (const node of neededNodes(model, wanted, options, where)) reading.node(node);
  return new Map(wanted.map((name) => [name, reading.value(name)]));
}

/** Nodes that the wanted tensors need, in the order of the file. */
function neededNodes(model: OnnxModel, wanted: readonly string[], { inputs }: ReadOptions, where: string): OnnxNode[] {
  const needed = new Set(wanted);
  const written = new Set<string>();
  for (const name of model.graph.nodes.flatMap((node) => node.outputs)) {
    if (name !== "" && (written.has(name) || Object.hasOwn(inputs, name))) throw new TalkfaceError("bad-model", `${where}: the tensor "${name}" is written twice.`);
    written.add(name);
  }
  const nodes = model.graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => name !== "" && needed.has(name))) return false;
    node.inputs.forEach((name) => needed.add(name));
    return true;
  });
  return nodes.reverse();
}

class Reading {
  readonly #graph: Graph;
  readonly #opset: number;
  readonly #options: ReadOptions;
  readonly #where: string;
  readonly #values = new Map<string, Value>();
  readonly #constants = new Map<string, Constant>();
  readonly #weights = new Map<string, OnnxTensor>();
  /** Tensors that a node of the file writes but its rule does not, and why. */
  readonly #left = new Map<string, string>();

  constructor(graph: Graph, model: OnnxModel, options: ReadOptions, where: string) {
    this.#graph = graph;
    this.#opset = model.opset;
    this.#options = options;
    this.#where = where;
    for (const tensor of model.graph.initializers) {
      if (tensor.dtype === "float32" && options.weight !== undefined) this.#weights.set(tensor.name, tensor);
      else this.#constants.set(tensor.name, elements(tensor));
    }
    for (const [name, value] of bindInputs(graph, model, options, where)) {
      this.#values.set(name, value);
      this.#constants.delete(name);
      this.#weights.delete(name);
    }
  }

  readonly value = (name: string): Value => {
    const known = this.#values.get(name) ?? this.#made(name);
    if (known === null) {
      throw new TalkfaceError("bad-model", `${this.#where}: ${this.#left.get(name) ?? `nothing writes the tensor "${name}" before it is read`}.`);
    }
    this.#values.set(name, known);
    return known;
  };

  /** Elements of a constant, of a weight or of a value that turned out constant. */
  readonly #known = (name: string): Constant | null => {
    const weight = this.#weights.get(name);
    const constant = weight === undefined ? this.#constants.get(name) : elements(weight);
    if (constant !== undefined) return constant;
    const value = this.#values.get(name);
    const data = value === undefined ? null : this.#graph.constantData(value);
    return value === undefined || data === null ? null : { dtype: value.dtype, shape: value.shape, data };
  };

  node(node: OnnxNode): void {
    const where = `${this.#where}: node "${node.name}" (${node.op})`;
    const fail = (what: string): never => {
      throw new TalkfaceError("bad-model", `${where}: ${what}`);
    };
    if (node.domain !== "") fail(`comes from the operator domain "${node.domain}"; only ONNX's own operators are supported.`);
    const constants = this.#fold(node);
    if (constants !== null) {
      constants.forEach((constant, i) => this.#constants.set(node.outputs[i]!, constant));
      return;
    }
    const rule = Object.hasOwn(rules, node.op) ? rules[node.op]! : fail(`is not supported. Supported: ${Object.keys(rules).sort().join(", ")}.`);
    const reader = new NodeReader(node, this.#graph, this.#opset, { value: this.value, known: this.#known }, where);
    const results = [this.#inScope(node, where, () => rule(reader))].flat();
    reader.checkAllRead();
    for (const { shape } of results) if (sizeOf(shape) > sizeLimit) fail(`its result ${show(shape)} is too large.`);
    node.outputs.forEach((name, i) => {
      const result = results[i];
      if (result !== undefined) this.#values.set(name, result);
      else this.#left.set(name, `output ${i} ("${name}") of node "${node.name}" (${node.op}) is not supported`);
    });
  }

  /** Builds below the module path in the node's name (PyTorch writes `/layer1/conv/Conv`); errors of operators name the node. */
  #inScope<R>(node: OnnxNode, where: string, build: () => R): R {
    const path = node.name.split("/").slice(0, -1).filter((part) => part !== "").join("/");
    try {
      return path === "" ? build() : this.#graph.scope(path, build);
    } catch (error) {
      if (error instanceof TalkfaceError && error.code === "graph") throw new TalkfaceError("bad-model", `${where}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  #made(name: string): Value | null {
    const weight = this.#weights.get(name);
    if (weight !== undefined) return this.#options.weight!(weight);
    const constant = this.#constants.get(name);
    return constant === undefined ? null : this.#graph.constant(constant.data, constant.shape, constant.dtype);
  }

  /** What is known already is computed now: the arithmetic on shapes that exporters write. */
  #fold({ op, attributes, inputs, outputs }: OnnxNode): readonly Constant[] | null {
    const known: Constant[] = [];
    for (const name of inputs) {
      const constant = this.#weights.has(name) ? null : this.#known(name);
      if (constant === null || constant.data.length > foldLimit) return null;
      known.push(constant);
    }
    const results = fold(op, { inputs: known, attributes, limit: foldLimit });
    return results === null || results.length < outputs.length ? null : results;
  }
}

function elements({ dtype, shape, data }: OnnxTensor): Constant {
  return { dtype, shape, data: fromBytes(dtype, data) };
}

/** The caller's values under the names of the model's inputs, after a check of types and sizes. */
function bindInputs(graph: Graph, { graph: { inputs, initializers } }: OnnxModel, options: ReadOptions, where: string): Map<string, Value> {
  const refuse = (what: string): never => {
    throw new TalkfaceError("bad-model", `${where}: ${what}`);
  };
  const defaults = new Set(initializers.map(({ name }) => name));
  const stranger = Object.keys(options.inputs).find((name) => !inputs.some((input) => input.name === name));
  if (stranger !== undefined) refuse(`has no input "${stranger}". Its inputs: ${inputs.map(({ name }) => name).join(", ")}.`);
  const sizes = new Map<string, number>();
  const bound = new Map<string, Value>();
  for (const input of inputs) {
    const value = Object.hasOwn(options.inputs, input.name) ? options.inputs[input.name]! : null;
    if (value === null) {
      if (!defaults.has(input.name)) refuse(`its input "${input.name}" is not given.`);
      continue;
    }
    if (value.graph !== graph) graph.fail("readModel", `the value for "${input.name}" belongs to another graph.`);
    if (!suits(input, value, sizes)) refuse(`its input "${input.name}" is ${input.dtype} [${input.shape.join(",")}], got ${value.dtype} ${show(value.shape)}.`);
    bound.set(input.name, value);
  }
  return bound;
}

/** Equal names of symbolic sizes stand for equal sizes. */
function suits(input: OnnxValueInfo, value: Value, sizes: Map<string, number>): boolean {
  if (input.dtype !== value.dtype || input.shape.length !== value.shape.length) return false;
  return input.shape.every((size, i) => {
    const n = value.shape[i]!;
    if (typeof size === "number") return size === n;
    const known = size === "" ? n : (sizes.get(size) ?? n);
    sizes.set(size, n);
    return known === n;
  });
}
