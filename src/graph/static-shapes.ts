/** Shapes of values of an ONNX graph as far as constants decide them: what weights are made of, not all of ONNX's shape inference. */
import { fromBytes } from "./dtype.js";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "./onnx.js";
import { axisIn, broadcast, reducedShape } from "./shape.js";

type Shape = readonly number[];

export class StaticShapes {
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  /** Of inputs and outputs; sizes may be symbolic. */
  readonly #declared: ReadonlyMap<string, readonly (number | string)[]>;
  readonly #producers: ReadonlyMap<string, OnnxNode>;
  readonly #known = new Map<string, Shape | null>();

  constructor(graph: OnnxGraph) {
    this.#constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    this.#declared = new Map([...graph.inputs, ...graph.outputs].map(({ name, shape }) => [name, shape]));
    this.#producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  }

  /** Whole numbers of a constant, or null for any other value. */
  integers(name: string | undefined): number[] | null {
    const tensor = this.#constants.get(name ?? "");
    return tensor?.dtype === "int64" ? Array.from(fromBytes("int64", tensor.data) as BigInt64Array, Number) : null;
  }

  /** The shape, or null where it is not known. */
  shapeOf(name: string | undefined): Shape | null {
    if (name === undefined) return null;
    let shape = this.#known.get(name);
    if (shape === undefined) {
      shape = this.#find(name);
      this.#known.set(name, shape);
    }
    return shape;
  }

  #find(name: string): Shape | null {
    const stated = this.#constants.get(name)?.shape ?? this.#declared.get(name);
    if (stated !== undefined) return stated.every((n): n is number => typeof n === "number") ? stated : null;
    const node = this.#producers.get(name);
    return node === undefined || node.domain !== "" ? null : (rules[node.op]?.(node, this, node.outputs.indexOf(name)) ?? null);
  }
}

type Rule = (node: OnnxNode, shapes: StaticShapes, output: number) => Shape | null;

const same: Rule = ({ inputs }, shapes) => shapes.shapeOf(inputs[0]);

const joint: Rule = ({ inputs }, shapes) => {
  const all = inputs.map((name) => shapes.shapeOf(name));
  return all.every((shape) => shape !== null) ? broadcast(...all) : null;
};

const reduction: Rule = (node, shapes) => {
  const x = shapes.shapeOf(node.inputs[0]);
  if (x === null) return null;
  const named = node.attributes["axes"];
  const listed = named?.kind === "ints" ? named.value : node.inputs[1] === undefined ? x.map((_, i) => i) : shapes.integers(node.inputs[1]);
  const keeps = node.attributes["keepdims"];
  return listed === null ? null : reducedShape(x, listed.map((axis) => axisIn(axis, x.length) ?? axis), keeps?.kind !== "int" || keeps.value === 1);
};

const reshaped: Rule = ({ inputs }, shapes) => {
  const shape = shapes.integers(inputs[1]);
  return shape?.every((n) => n > 0) === true ? shape : null;
};

const transposed: Rule = ({ inputs, attributes }, shapes) => {
  const x = shapes.shapeOf(inputs[0]);
  const perm = attributes["perm"];
  return x === null ? null : perm?.kind === "ints" ? perm.value.map((axis) => x[axis]!) : x.toReversed();
};

const multiplied: Rule = ({ inputs }, shapes) => {
  const [a, b] = [shapes.shapeOf(inputs[0]), shapes.shapeOf(inputs[1])];
  if (a === null || b === null || a.length < 2 || b.length < 2) return null;
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
  return batch === null ? null : [...batch, a.at(-2)!, b.at(-1)!];
};

/** The input's shape with another size at the node's axis. */
const resized =
  (size: (node: OnnxNode, shapes: StaticShapes, output: number) => number | undefined): Rule =>
  (node, shapes, output) => {
    const x = shapes.shapeOf(node.inputs[0]);
    const axis = node.attributes["axis"];
    const [at, n] = [x === null ? null : axisIn(axis?.kind === "int" ? axis.value : 0, x.length), size(node, shapes, output)];
    return x === null || at === null || n === undefined ? null : x.with(at, n);
  };

const padded: Rule = ({ inputs }, shapes) => {
  const [x, pads] = [shapes.shapeOf(inputs[0]), shapes.integers(inputs[1])];
  return x === null || pads === null || pads.length !== 2 * x.length ? null : x.map((n, i) => n + pads[i]! + pads[i + x.length]!);
};

/** Steps other than 1 are not needed here. */
const sliced: Rule = ({ inputs }, shapes) => {
  const x = shapes.shapeOf(inputs[0]);
  const [starts, ends, axes] = [1, 2, 3].map((i) => shapes.integers(inputs[i]));
  const steps = inputs[4] === undefined ? [] : shapes.integers(inputs[4]);
  if (x === null || !starts || !ends || !axes || steps === null || steps.some((step) => step !== 1)) return null;
  return axes.reduce((shape, axis, i) => {
    const n = shape.at(axis)!;
    const inside = (at: number): number => Math.min(n, Math.max(0, at < 0 ? at + n : at));
    return shape.with(axis, Math.max(0, inside(ends[i]!) - inside(starts[i]!)));
  }, x);
};

const rules: Readonly<Partial<Record<string, Rule>>> = {
  ...Object.fromEntries(["Identity", "Cast", "Neg", "Abs", "Sqrt", "Exp", "Log", "Reciprocal", "Clip", "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Softmax"].map((op) => [op, same])),
  ...Object.fromEntries(["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Where", "Greater", "Less", "Equal"].map((op) => [op, joint])),
  ...Object.fromEntries(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"].map((op) => [op, reduction])),
  Reshape: reshaped,
  Expand: reshaped,
  Transpose: transposed,
  MatMul: multiplied,
  Pad: padded,
  Slice: sliced,
  Split: resized((node, shapes, output) => shapes.integers(node.inputs[1])?.[output]),
  Gather: resized((node, shapes) => shapes.integers(node.inputs[1])?.length),
};
