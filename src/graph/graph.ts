/** The graph builder: inputs, shared constants, scoped names, outputs; `apply` adds a node of an operator. */
import { TalkfaceError } from "../base/errors.js";
import { sha256 } from "../base/files.js";
import { arrayClass, arrayOf, toBytes, type TypedArray } from "./dtype.js";
import { encodeGraph } from "./encode.js";
import type { Dtype, OnnxModel } from "./onnx.js";
import { show, sizeOf } from "./shape.js";
import type { Node, Operator, Value, ValueType } from "./value.js";

export class Graph {
  readonly name: string;
  readonly #inputs: Value[] = [];
  readonly #outputs = new Map<string, Value>();
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<Value, TypedArray>();
  readonly #shared = new Map<string, Value>();
  readonly #weights = new Set<Value>();
  readonly #names = new Set<string>();
  readonly #counters = new Map<string, number>();
  #scope = "";

  constructor(name = "talkface") {
    this.name = name;
  }

  get inputs(): readonly Value[] {
    return this.#inputs;
  }

  get outputs(): ReadonlyMap<string, Value> {
    return this.#outputs;
  }

  /** All nodes in order of creation, which is a topological order. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** Path of the current scope, e.g. `generator/up2`; empty at the top. */
  get scopePath(): string {
    return this.#scope;
  }

  /** Declares an input of the graph. */
  input(name: string, shape: readonly number[], dtype: Dtype = "float32"): Value {
    this.#claim(name, "input");
    const value = this.#value(name, { dtype, shape }, null);
    this.#inputs.push(value);
    return value;
  }

  /** A constant. Equal unnamed constants are one value; a named one (a weight) keeps its name in the file. */
  constant(data: TypedArray | readonly number[], shape: readonly number[], dtype: Dtype = "float32", name?: string): Value {
    const array = Array.isArray(data) ? arrayOf(dtype, data as readonly number[]) : (data as TypedArray);
    if (!(array instanceof arrayClass(dtype)) || array.length !== sizeOf(shape)) {
      this.fail("constant", `${array.constructor.name} of ${array.length} elements given for ${dtype} ${show(shape)}, which has ${sizeOf(shape)}.`);
    }
    if (name !== undefined) {
      this.#claim(name, "constant");
      const weight = this.#constant(name, { dtype, shape }, array);
      this.#weights.add(weight);
      return weight;
    }
    const key = constantKey({ dtype, shape }, array);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const value = this.#constant(this.#unique("constant"), { dtype, shape }, array);
    this.#shared.set(key, value);
    return value;
  }

  scalar(x: number, dtype: Dtype = "float32"): Value {
    return this.constant([x], [], dtype);
  }

  /** Elements of a constant, or null for any other value. */
  constantData(value: Value): TypedArray | null {
    return this.#constants.get(value) ?? null;
  }

  /** The unnamed constant that holds these elements, if there is one. */
  findConstant(type: ValueType, data: TypedArray): Value | null {
    return this.#shared.get(constantKey(type, data)) ?? null;
  }

  /** Whether a value is a named constant: a weight, which keeps its name and place in the file. */
  isWeight(value: Value): boolean {
    return this.#weights.has(value);
  }

  /** Names a value as an output of the graph. */
  output(name: string, value: Value): void {
    if (value.graph !== this) this.fail("output", `"${name}" belongs to another graph.`);
    if (this.#outputs.has(name)) this.fail("output", `there is an output "${name}" already. Choose another name.`);
    this.#outputs.set(name, value);
  }

  /** Runs `build` with node names below `name`. */
  scope<R>(name: string, build: () => R): R {
    return this.scopeAt(this.#scope === "" ? name : `${this.#scope}/${name}`, build);
  }

  /** Runs `build` with node names below the absolute path. */
  scopeAt<R>(path: string, build: () => R): R {
    const outer = this.#scope;
    this.#scope = path;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** The graph as an ONNX model: nodes that no output needs are left out; the same calls give the same bytes. */
  toModel(metadata: Readonly<Record<string, string>> = {}): OnnxModel {
    return encodeGraph(this, metadata);
  }

  /** Throws a `graph` error that says where in the network it happened. */
  fail(op: string, message: string): never {
    throw new TalkfaceError("graph", `${this.#scope === "" ? "" : `${this.#scope}/`}${op}: ${message}`);
  }

  /** Adds a node; used through `apply`. */
  addNode(label: string, types: readonly ValueType[], parts: Omit<Node, "name" | "index" | "outputs" | "backward">, backward: (node: Node) => Node["backward"]): Node {
    const name = this.#unique(label);
    const outputs: Value[] = [];
    const node: { -readonly [K in keyof Node]: Node[K] } = { ...parts, name, index: this.#nodes.length, outputs, backward: null };
    node.backward = backward(node);
    types.forEach((type, i) => outputs.push(this.#value(types.length === 1 ? name : `${name}:${i}`, type, node)));
    this.#nodes.push(node);
    return node;
  }

  #value(name: string, { dtype, shape }: ValueType, producer: Node | null): Value {
    if (!shape.every((n) => Number.isInteger(n) && n >= 0)) this.fail(name, `impossible shape ${show(shape)}; every size must be a whole number ≥ 0.`);
    return Object.freeze({ graph: this, name, dtype, shape: Object.freeze([...shape]), producer });
  }

  #constant(name: string, type: ValueType, array: TypedArray): Value {
    const value = this.#value(name, type, null);
    this.#constants.set(value, array);
    return value;
  }

  #claim(name: string, what: string): void {
    if (name === "" || this.#names.has(name)) this.fail(what, `the name "${name}" is ${name === "" ? "empty" : "taken already"}. Choose another name.`);
    this.#names.add(name);
  }

  #unique(label: string): string {
    const stem = this.#scope === "" || label === "constant" ? label : `${this.#scope}/${label}`;
    for (;;) {
      const n = this.#counters.get(stem) ?? 0;
      this.#counters.set(stem, n + 1);
      const name = `${stem}_${n}`;
      if (!this.#names.has(name)) {
        this.#names.add(name);
        return name;
      }
    }
  }
}

/** Equal for constants of equal type, shape and bytes. */
function constantKey({ dtype, shape }: ValueType, data: TypedArray): string {
  const bytes = toBytes(data);
  return `${dtype}${show(shape)}${bytes.length <= 64 ? Buffer.from(bytes).toString("hex") : sha256(bytes)}`;
}

/** Adds a node of the operator to the inputs' graph and returns its outputs. `label` replaces the ONNX name in the node's name. */
export function applyAll<I extends readonly Value[], A>(op: Operator<I, A>, inputs: I, attributes: A, label: string = op.onnx): readonly Value[] {
  const graph = inputs[0]!.graph;
  if (inputs.some((x) => x.graph !== graph)) graph.fail(op.onnx, "its inputs belong to different graphs.");
  const inferred = op.infer(inputs, attributes);
  const types = "shape" in inferred ? [inferred] : inferred;
  const { vjp } = op;
  const backward = (node: Node): Node["backward"] =>
    vjp === null
      ? null
      : (dys, needs) =>
          vjp({
            inputs,
            attributes,
            outputs: node.outputs,
            y: node.outputs[0]!,
            dys,
            // operators of several outputs read dys; for the others the walker guarantees that this one is there
            dy: dys.find((dy) => dy !== null)!,
            needs: needs as { readonly [K in keyof I]: boolean },
          });
  return graph.addNode(label, types, { op: op.onnx, inputs, attributes: op.encode?.(attributes) ?? {} }, backward).outputs;
}

/** `applyAll` for operators of one output. */
export function apply<I extends readonly Value[], A>(op: Operator<I, A>, inputs: I, attributes: A, label?: string): Value {
  return applyAll(op, inputs, attributes, label)[0]!;
}
