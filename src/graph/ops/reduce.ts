/** Reductions over axes, softmax and log-sum-exp. */
import { isFloat } from "../dtype.js";
import { apply } from "../graph.js";
import { axisIn, reducedShape, show, sizeOf } from "../shape.js";
import type { Call, Operator, Value, ValueType } from "../value.js";
import { div, exp, maximum, mul, sign, sub } from "./arithmetic.js";
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

/** The smallest norm that a gradient divides by. */
const tiny = 1e-12;

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

const ReduceL1 = reduction("ReduceL1", (call) => [mul(kept(call, call.dy), sign(call.inputs[0]))]);

// x/|x|, and 0 at 0: where the norm is 0 so is x, and the divisor need only not be 0
const ReduceL2 = reduction("ReduceL2", (call) => [mul(kept(call, div(call.dy, maximum(call.y, tiny))), call.inputs[0])]);

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

const CumSum: Operator<readonly [Value, Value], { axis: number; reverse: boolean }> = {
  onnx: "CumSum",
  infer: ([x]) => x,
  encode: ({ reverse }) => ({ reverse: { kind: "int", value: reverse ? 1 : 0 } }),
  vjp: ({ attributes: { axis, reverse }, dy }) => [cumSum(dy, axis, !reverse), null],
};

const ArgMax: Operator<readonly [Value], { axis: number }> = {
  onnx: "ArgMax",
  infer: ([x], { axis }) => ({ dtype: "int64", shape: reducedShape(x.shape, [axis], false) }),
  encode: ({ axis }) => ({ axis: { kind: "int", value: axis }, keepdims: { kind: "int", value: 0 } }),
  vjp: null,
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

/** Σ |x| over axes; the slope at 0 is 0. */
export function l1Norm(x: Value, options: ReduceOptions = {}): Value {
  return reduce(ReduceL1, x, options);
}

/** Euclidean length over axes; the gradient of a zero vector is 0. */
export function l2Norm(x: Value, options: ReduceOptions = {}): Value {
  return reduce(ReduceL2, x, options);
}

export function softmax(x: Value, axis: number): Value {
  return apply(Softmax, [x], { axis: insideAxis("Softmax", x, axis) });
}

/** log(softmax(x)), exact where softmax would be 0; ONNX's LogSoftmax has no WebGPU kernel. */
export function logSoftmax(x: Value, axis: number): Value {
  return sub(x, logSumExp(x, axis, true));
}

/** Running sum along an axis: y[i] = x[0] + … + x[i], or from the end where `reverse` says so. */
export function cumSum(x: Value, axis: number, reverse = false): Value {
  const inside = insideAxis("CumSum", x, axis);
  return apply(CumSum, [x, x.graph.scalar(inside, "int64")], { axis: inside, reverse });
}

/** Index (int64) of the largest element along an axis, the first of equals; no gradient flows. */
export function argMax(x: Value, axis: number): Value {
  return apply(ArgMax, [x], { axis: insideAxis("ArgMax", x, axis) });
}

/** log Σ exp(x) along one axis. */
export function logSumExp(x: Value, axis: number, keepDims = false): Value {
  return reduce(ReduceLogSumExp, x, { axes: [axis], keepDims });
}

function insideAxis(op: string, x: Value, axis: number): number {
  return axisIn(axis, x.shape.length) ?? x.graph.fail(op, `axis ${axis} is outside ${show(x.shape)}.`);
}
