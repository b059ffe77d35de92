/** Reductions over axes, softmax and log-sum-exp. */
import { isFloat } from "../dtype.js";
import { apply } from "../graph.js";
import { axisIn, reducedShape, show, sizeOf } from "../shape.js";
import type { Call, Operator, Value, ValueType } from "../value.js";
import { div, exp, mul, sub } from "./arithmetic.js";
import { cast, equal } from "./compare.js";
import { expand, reshape } from "./layout.js";

export interface ReduceOptions {
  /** Axes to reduce (negative from the end); all when absent. */
  readonly axes?: readonly number[];
  /** Keep reduced axes with length 1 (default false). */
  readonly keepDims?: boolean;
}

interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

type ReduceCall = Call<readonly [Value], Reduction>;

/** A value of the reduced shape with the reduced axes put back as length 1. */
function kept({ inputs: [x], attributes: { axes } }: ReduceCall, value: Value): Value {
  return reshape(value, reducedShape(x.shape, axes, true));
}

function reduction(onnx: string, vjp: (call: ReduceCall) => readonly [Value]): Operator<readonly [Value], Reduction> {
  return {
    onnx,
    infer: ([x], { axes, keepDims }): ValueType => ({ dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) }),
    encode: ({ axes, keepDims }) => ({ axes: { kind: "ints", value: axes }, keepdims: { kind: "int", value: keepDims ? 1 : 0 } }),
    vjp,
  };
}

// ReduceSum alone takes its axes as an input at opset 17.
const ReduceSum: Operator<readonly [Value, Value], Reduction> = {
  onnx: "ReduceSum",
  infer: ([x], { axes, keepDims }) => ({ dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) }),
  encode: ({ keepDims }) => ({ keepdims: { kind: "int", value: keepDims ? 1 : 0 } }),
  vjp: ({ inputs: [x], attributes: { axes }, dy }) => [expand(reshape(dy, reducedShape(x.shape, axes, true)), x.shape), null],
};

const ReduceMean = reduction("ReduceMean", (call) => {
  const { inputs, attributes, dy } = call;
  const count = attributes.axes.reduce((n, axis) => n * inputs[0].shape[axis]!, 1);
  return [expand(kept(call, div(dy, count)), inputs[0].shape)];
});

// Elements that share the extreme value share the gradient.
function extreme(call: ReduceCall): readonly [Value] {
  const [x] = call.inputs;
  const mask = cast(equal(x, kept(call, call.y)), x.dtype);
  const share = div(kept(call, call.dy), sum(mask, { axes: call.attributes.axes, keepDims: true }));
  return [mul(mask, share)];
}

const ReduceMax = reduction("ReduceMax", extreme);
const ReduceMin = reduction("ReduceMin", extreme);

const ReduceLogSumExp = reduction("ReduceLogSumExp", (call) => {
  const [x] = call.inputs;
  return [mul(kept(call, call.dy), exp(sub(x, kept(call, call.y))))];
});

const Softmax: Operator<readonly [Value], { axis: number }> = {
  onnx: "Softmax",
  infer: ([x]) => x,
  encode: ({ axis }) => ({ axis: { kind: "int", value: axis } }),
  // y·(dy − Σ y·dy)
  vjp: ({ y, dy, attributes: { axis } }) => [mul(y, sub(dy, sum(mul(y, dy), { axes: [axis], keepDims: true })))],
};

/** Distinct ascending axes inside the rank. */
function resolve(op: string, x: Value, { axes, keepDims = false }: ReduceOptions): Reduction {
  const rank = x.shape.length;
  const wanted = axes ?? x.shape.map((_, i) => i);
  const inside = wanted.map((axis) => axisIn(axis, rank) ?? x.graph.fail(op, `axis ${axis} is outside ${show(x.shape)}.`));
  if (new Set(inside).size !== inside.length) x.graph.fail(op, `axes ${show(wanted)} name one axis twice.`);
  return { axes: inside.sort((a, b) => a - b), keepDims };
}

function reduce(op: Operator<readonly [Value], Reduction>, x: Value, options: ReduceOptions): Value {
  const attributes = resolve(op.onnx, x, options);
  if (attributes.axes.length === 0) return x;
  if (sizeOf(attributes.axes.map((axis) => x.shape[axis]!)) === 0) x.graph.fail(op.onnx, `nothing to reduce in ${show(x.shape)}.`);
  return apply(op, [x], attributes);
}

export function sum(x: Value, options: ReduceOptions = {}): Value {
  const attributes = resolve("ReduceSum", x, options);
  if (attributes.axes.length === 0) return x;
  const { axes } = attributes;
  const repeated = sumOfExpand(x, attributes);
  if (repeated !== null) return repeated;
  return apply(ReduceSum, [x, x.graph.constant(axes, [axes.length], "int64")], attributes);
}

/** A sum over axes along which an Expand repeated its source is a product. */
function sumOfExpand(x: Value, { axes, keepDims }: Reduction): Value | null {
  const source = x.producer?.op === "Expand" ? x.producer.inputs[0]! : null;
  if (source === null) return null;
  const shape = [...new Array<number>(x.shape.length - source.shape.length).fill(1), ...source.shape];
  if (axes.some((axis) => shape[axis] !== 1)) return null;
  const total = mul(reshape(source, reducedShape(shape, axes, keepDims)), sizeOf(axes.map((axis) => x.shape[axis]!)));
  return expand(total, reducedShape(x.shape, axes, keepDims));
}

export function mean(x: Value, options: ReduceOptions = {}): Value {
  if (!isFloat(x.dtype)) x.graph.fail("ReduceMean", `expects a float, got ${x.dtype} ${show(x.shape)}; cast it.`);
  return reduce(ReduceMean, x, options);
}

/** Largest element over axes; elements at a tie share the gradient. */
export function max(x: Value, options: ReduceOptions = {}): Value {
  return reduce(ReduceMax, x, options);
}

/** Smallest element over axes; elements at a tie share the gradient. */
export function min(x: Value, options: ReduceOptions = {}): Value {
  return reduce(ReduceMin, x, options);
}

export function softmax(x: Value, axis: number): Value {
  const inside = axisIn(axis, x.shape.length) ?? x.graph.fail("Softmax", `axis ${axis} is outside ${show(x.shape)}.`);
  return apply(Softmax, [x], { axis: inside });
}

/** log Σ exp(x) along one axis. */
export function logSumExp(x: Value, axis: number, keepDims = false): Value {
  return reduce(ReduceLogSumExp, x, { axes: [axis], keepDims });
}
