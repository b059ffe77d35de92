/** One node of a file as the rules see it: inputs as values or as known numbers, attributes by type. */
import { TalkfaceError } from "../../base/errors.js";
import type { Graph } from "../graph.js";
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../onnx.js";
import type { Constant } from "../passes/fold.js";
import { axisIn, show } from "../shape.js";
import type { Value } from "../value.js";

/** Turns a node into values, one for each output that it supports. */
export type Rule = (node: NodeReader) => Value | readonly Value[];

/** What stands behind the names of a model's tensors. */
export interface Names {
  readonly value: (name: string) => Value;
  /** Elements that are known while the graph is built, those of weights included. */
  readonly known: (name: string) => Constant | null;
}

export class NodeReader {
  readonly graph: Graph;
  readonly opset: number;
  readonly node: OnnxNode;
  readonly #names: Names;
  readonly #where: string;
  readonly #seenAttributes = new Set<string>();
  readonly #seenInputs = new Set<number>();

  constructor(node: OnnxNode, graph: Graph, opset: number, names: Names, where: string) {
    this.node = node;
    this.graph = graph;
    this.opset = opset;
    this.#names = names;
    this.#where = where;
  }

  /** Whether an input is there; optional ones may be left out. */
  has(i: number): boolean {
    this.#seenInputs.add(i);
    return (this.node.inputs[i] ?? "") !== "";
  }

  value(i: number): Value {
    if (!this.has(i)) this.fail(`input ${i} is missing.`);
    return this.#names.value(this.node.inputs[i]!);
  }

  optional(i: number): Value | null {
    return this.has(i) ? this.value(i) : null;
  }

  /** All inputs of an operator that takes any number of them, at least one. */
  values(): readonly [Value, ...Value[]] {
    return [this.value(0), ...this.node.inputs.slice(1).map((_, i) => this.value(i + 1))];
  }

  /** The elements of an input where they are known, null where they depend on data or the input is left out. */
  known(i: number): Constant | null {
    return this.has(i) ? this.#names.known(this.node.inputs[i]!) : null;
  }

  /** Elements of an input that decides shapes or settings, which must be known here. */
  numbers(i: number, what: string): number[] {
    const constant = this.known(i);
    if (constant === null || constant.dtype === "float16") {
      this.fail(`its ${what} (input ${i}) ${this.has(i) ? "depends on data" : "is missing"}; a constant, or what follows from the shapes of the inputs, is supported.`);
    }
    return Array.from<number | bigint, number>(constant.data, Number);
  }

  number(i: number, what: string): number {
    const list = this.numbers(i, what);
    if (list.length !== 1) this.fail(`its ${what} (input ${i}) has ${list.length} elements, expected one.`);
    return list[0]!;
  }

  /** A setting that is an input in newer operator sets and an attribute in older ones; null where it is left out. */
  listed(i: number, name: string): readonly number[] | null {
    const attribute = this.ints(name);
    return this.has(i) ? this.numbers(i, name) : attribute;
  }

  int(name: string, fallback: number): number {
    const attribute = this.#attribute(name, "int");
    return attribute?.kind === "int" ? attribute.value : fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.int(name, fallback ? 1 : 0) !== 0;
  }

  float(name: string, fallback: number): number {
    const attribute = this.#attribute(name, "float");
    return attribute?.kind === "float" ? attribute.value : fallback;
  }

  ints(name: string): readonly number[] | null {
    const attribute = this.#attribute(name, "ints");
    return attribute?.kind === "ints" ? attribute.value : null;
  }

  strings(name: string): readonly string[] | null {
    const attribute = this.#attribute(name, "strings");
    return attribute?.kind === "strings" ? attribute.value : null;
  }

  tensor(name: string): OnnxTensor | null {
    const attribute = this.#attribute(name, "tensor");
    return attribute?.kind === "tensor" ? attribute.value : null;
  }

  /** One of the words; the first where the attribute is left out. */
  word<W extends string>(name: string, words: readonly [W, ...W[]]): W {
    const attribute = this.#attribute(name, "string");
    if (attribute?.kind !== "string") return words[0];
    return words.find((word) => word === attribute.value) ?? this.fail(`${name} is "${attribute.value}"; supported: ${words.join(", ")}.`);
  }

  /** An axis of x as a place from 0. */
  axis(axis: number, x: Value): number {
    return axisIn(axis, x.shape.length) ?? this.fail(`axis ${axis} is outside ${show(x.shape)}.`);
  }

  axes(axes: readonly number[], rank: number): number[] {
    const inside = axes.map((axis) => axisIn(axis, rank) ?? this.fail(`axis ${axis} is outside ${rank} axes.`));
    if (new Set(inside).size !== inside.length) this.fail(`axes ${show(axes)} name one axis twice.`);
    return inside;
  }

  /** What the rule did not ask for would be ignored silently, so it is refused. */
  checkAllRead(): void {
    const attribute = Object.keys(this.node.attributes).find((name) => !this.#seenAttributes.has(name));
    if (attribute !== undefined) this.fail(`its attribute "${attribute}" is not supported. Known: ${[...this.#seenAttributes].join(", ") || "none"}.`);
    const input = this.node.inputs.findIndex((name, i) => name !== "" && !this.#seenInputs.has(i));
    if (input >= 0) this.fail(`its input ${input} ("${this.node.inputs[input]!}") is not supported.`);
  }

  fail(what: string): never {
    throw new TalkfaceError("bad-model", `${this.#where}: ${what}`);
  }

  #attribute(name: string, kind: OnnxAttribute["kind"]): OnnxAttribute | undefined {
    this.#seenAttributes.add(name);
    const attribute = Object.hasOwn(this.node.attributes, name) ? this.node.attributes[name]! : undefined;
    if (attribute !== undefined && attribute.kind !== kind) this.fail(`its attribute "${name}" is of the kind ${attribute.kind}, expected ${kind}.`);
    return attribute;
  }
}
