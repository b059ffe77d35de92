/**
 * All passes over a graph, applied whenever one is written, printed or measured: constants are folded, nodes that change nothing
 * are skipped, equal nodes are merged, dead nodes are left out. Results keep every bit, and equal graphs give equal drafts.
 */
import { toBytes, type TypedArray } from "../dtype.js";
import type { Graph } from "../graph.js";
import { show } from "../shape.js";
import type { Value } from "../value.js";
import type { Draft, DraftNode } from "./draft.js";
import { fold, type Constant } from "./fold.js";
import { shorten } from "./identities.js";
import { liveNodes } from "./live.js";
import { Merger } from "./merge.js";

/** Folded constants are small: a large one would make the file larger than the nodes that it replaces. Weights keep their names. */
const foldLimit = 256;

/** One walk forward suffices: every rule sees inputs that are simple already. */
export function simplify(graph: Graph): Draft {
  const walk = new Walk(graph);
  const nodes = liveNodes(graph.outputs.values(), graph.nodes).flatMap((node) => walk.visit(node) ?? []);
  const outputs = new Map([...graph.outputs].map(([name, value]) => [name, walk.resolve(value)]));
  return { nodes: liveNodes(outputs.values(), nodes), outputs, constantData: walk.constantData };
}

class Walk {
  readonly #graph: Graph;
  readonly #merger = new Merger();
  readonly #instead = new Map<Value, Value>();
  readonly #folded = new Map<Value, TypedArray>();
  readonly #foldedByContent = new Map<string, Value>();
  readonly #producers = new Map<Value, DraftNode>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  readonly constantData = (value: Value): TypedArray | null => this.#folded.get(value) ?? this.#graph.constantData(value);

  /** Elements of a constant that may vanish from the file: weights stay. */
  readonly #plainData = (value: Value): TypedArray | null => (this.#graph.isWeight(value) ? null : this.constantData(value));

  /** What stands for a value now. */
  resolve(value: Value): Value {
    return this.#instead.get(value) ?? value;
  }

  /** The node to keep, or null where other values stand for its outputs. */
  visit({ op, name, inputs, outputs, attributes }: DraftNode): DraftNode | null {
    let node: DraftNode = { op, name, inputs: inputs.map((x) => this.resolve(x)), outputs, attributes };
    const constants = this.#fold(node);
    if (constants !== null) return this.#replace(node, constants);
    const around = { constantData: this.#plainData, producerOf: (value: Value) => this.#producers.get(value) };
    for (let shorter = shorten(node, around); shorter !== null; shorter = shorten(node, around)) {
      if (!("op" in shorter)) return this.#replace(node, [shorter]);
      node = shorter;
    }
    const equal = this.#merger.equalTo(node);
    if (equal !== null) return this.#replace(node, equal.outputs);
    for (const y of outputs) this.#producers.set(y, node);
    return node;
  }

  #replace(node: DraftNode, values: readonly Value[]): null {
    node.outputs.forEach((y, i) => this.#instead.set(y, values[i]!));
    return null;
  }

  #fold({ op, inputs, outputs, attributes }: DraftNode): Value[] | null {
    const known: Constant[] = [];
    for (const x of inputs) {
      const data = this.#plainData(x);
      if (data === null || data.length > foldLimit) return null;
      known.push({ dtype: x.dtype, shape: x.shape, data });
    }
    const results = fold(op, { inputs: known, attributes, limit: foldLimit });
    if (results === null) return null;
    return results.map((result, i) => this.#graph.findConstant(result, result.data) ?? this.#foldedConstant(outputs[i]!.name, result));
  }

  #foldedConstant(name: string, { dtype, shape, data }: Constant): Value {
    const key = `${dtype}${show(shape)}${Buffer.from(toBytes(data)).toString("hex")}`;
    const known = this.#foldedByContent.get(key);
    if (known !== undefined) return known;
    const value: Value = { graph: this.#graph, name, dtype, shape, producer: null };
    this.#folded.set(value, data);
    this.#foldedByContent.set(key, value);
    return value;
  }
}
