/** Operators that only move or repeat elements: reshape, transpose, concat, split, slice, pad, expand. */
import { apply, applyAll } from "../graph.js";
import { axisIn, broadcast, broadcastAxes, sameShape, show, sizeOf, sliceLength } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { sum } from "./reduce.js";

const Reshape: Operator<readonly [Value, Value], { shape: readonly number[] }> = {
  onnx: "Reshape",
  infer: ([x], { shape }) => ({ dtype: x.dtype, shape }),
  vjp: ({ inputs: [x], dy }) => [reshape(dy, x.shape), null],
};

const Transpose: Operator<readonly [Value], { perm: readonly number[] }> = {
  onnx: "Transpose",
  infer: ([x], { perm }) => ({ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) }),
  encode: ({ perm }) => ({ perm: { kind: "ints", value: perm } }),
  vjp: ({ attributes: { perm }, dy }) => [transpose(dy, perm.map((_, i) => perm.indexOf(i)))],
};

const Concat: Operator<readonly Value[], { axis: number }> = {
  onnx: "Concat",
  infer: (inputs, { axis }) => {
    const first = inputs[0]!;
    return { dtype: first.dtype, shape: first.shape.map((n, i) => (i === axis ? inputs.reduce((total, x) => total + x.shape[axis]!, 0) : n)) };
  },
  encode: ({ axis }) => ({ axis: { kind: "int", value: axis } }),
  vjp: ({ inputs, attributes: { axis }, dy }) => split(dy, inputs.map((x) => x.shape[axis]!), axis),
};

const Split: Operator<readonly [Value, Value], { axis: number; sizes: readonly number[] }> = {
  onnx: "Split",
  infer: ([x], { axis, sizes }) => sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.map((n, i) => (i === axis ? size : n)) })),
  encode: ({ axis }) => ({ axis: { kind: "int", value: axis } }),
  vjp: ({ outputs, attributes: { axis }, dys }) => [concat(outputs.map((y, i) => dys[i] ?? filled(y, 0)), axis), null],
};

/** Part of an axis: start, start + step, … before end (−1 with a negative step: down to element 0). */
export interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

type SliceInputs = readonly [Value, Value, Value, Value, Value];

const Slice: Operator<SliceInputs, readonly Cut[]> = {
  onnx: "Slice",
  infer: ([x], cuts) => ({ dtype: x.dtype, shape: cuts.reduce((shape, { axis, start, end, step }) => shape.with(axis, sliceLength(start, end, step)), [...x.shape]) }),
  vjp: ({ inputs: [x], attributes: cuts, dy }) => {
    const [first] = cuts;
    if (cuts.length === 1 && first?.step === 1) return [{ axis: first.axis, start: first.start, value: dy }, null, null, null, null];
    return [placeBack(dy, x.shape, cuts), null, null, null, null];
  },
};

const Pad: Operator<readonly [Value, Value, Value], { pairs: readonly (readonly [number, number])[] }> = {
  onnx: "Pad",
  infer: ([x], { pairs }) => ({ dtype: x.dtype, shape: x.shape.map((n, i) => n + pairs[i]![0] + pairs[i]![1]) }),
  vjp: ({ inputs: [x], attributes: { pairs }, dy }) => [
    cutAxes(dy, pairs.map(([before], axis) => ({ axis, start: before, end: before + x.shape[axis]!, step: 1 }))),
    null,
    null,
  ],
};

const Expand: Operator<readonly [Value, Value], { shape: readonly number[] }> = {
  onnx: "Expand",
  infer: ([x], { shape }) => ({ dtype: x.dtype, shape }),
  vjp: ({ inputs: [x], dy }) => [reshape(sum(dy, { axes: broadcastAxes(x.shape, dy.shape) }), x.shape), null],
};

const Tile: Operator<readonly [Value, Value], { times: readonly number[] }> = {
  onnx: "Tile",
  infer: ([x], { times }) => ({ dtype: x.dtype, shape: x.shape.map((n, i) => n * times[i]!) }),
  // [r·n, …] is [r, n, …]: copies are summed
  vjp: ({ inputs: [x], attributes: { times }, dy }) => {
    const apart = reshape(dy, x.shape.flatMap((n, i) => [times[i]!, n]));
    return [reshape(sum(apart, { axes: x.shape.map((_, i) => 2 * i) }), x.shape), null];
  },
};

/** The same elements in another shape; one size may be -1. Also squeezes and unsqueezes. */
export function reshape(x: Value, shape: readonly number[]): Value {
  const unknown = shape.indexOf(-1);
  const known = sizeOf(shape.filter((n) => n !== -1));
  const full = shape.map((n, i) => (i === unknown ? sizeOf(x.shape) / known : n));
  if (shape.some((n, i) => n < 0 && i !== unknown) || sizeOf(full) !== sizeOf(x.shape) || !full.every(Number.isInteger)) {
    x.graph.fail("Reshape", `${show(x.shape)} has ${sizeOf(x.shape)} elements and does not fit ${show(shape)}.`);
  }
  if (sameShape(full, x.shape)) return x;
  // a reshape of a reshape reads the source
  const source = x.producer?.op === "Reshape" ? x.producer.inputs[0]! : x;
  if (sameShape(full, source.shape)) return source;
  if (source.producer?.op === "Expand" && sizeOf(source.producer.inputs[0]!.shape) === 1) {
    return expand(reshape(source.producer.inputs[0]!, []), full);
  }
  return apply(Reshape, [source, indices(x, full)], { shape: full });
}

export function transpose(x: Value, perm: readonly number[]): Value {
  const rank = x.shape.length;
  if (perm.length !== rank || !x.shape.every((_, i) => perm.includes(i))) {
    x.graph.fail("Transpose", `${show(perm)} is no permutation of the ${rank} axes of ${show(x.shape)}.`);
  }
  return perm.every((axis, i) => axis === i) ? x : apply(Transpose, [x], { perm: [...perm] });
}

export function concat(xs: readonly Value[], axis: number): Value {
  const first = xs[0];
  if (first === undefined) throw new TypeError("internal: concat of nothing");
  const at = axisIn(axis, first.shape.length) ?? first.graph.fail("Concat", `axis ${axis} is outside ${show(first.shape)}.`);
  for (const x of xs) {
    if (x.dtype !== first.dtype || x.shape.length !== first.shape.length || x.shape.some((n, i) => i !== at && n !== first.shape[i])) {
      first.graph.fail("Concat", `${x.dtype} ${show(x.shape)} does not join ${first.dtype} ${show(first.shape)} along axis ${at}.`);
    }
  }
  return xs.length === 1 ? first : apply(Concat, xs, { axis: at });
}

/** Cuts an axis into parts of the given sizes. */
export function split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  const at = axisIn(axis, x.shape.length) ?? x.graph.fail("Split", `axis ${axis} is outside ${show(x.shape)}.`);
  if (sizes.length === 0 || sizes.some((n) => !Number.isInteger(n) || n < 0) || sizes.reduce((a, b) => a + b, 0) !== x.shape[at]) {
    x.graph.fail("Split", `sizes ${show(sizes)} do not add up to axis ${at} of ${show(x.shape)}.`);
  }
  return sizes.length === 1 ? [x] : applyAll(Split, [x, indices(x, sizes)], { axis: at, sizes: [...sizes] });
}

/**
 * Elements start, start + step, … before end along an axis. Negative start and end count from the back; both are limited to the axis.
 * A negative step walks backwards from `start` down to, not including, `end`; to include element 0 give an `end` of -Infinity.
 */
export function slice(x: Value, axis: number, start: number, end: number, step = 1): Value {
  const at = axisIn(axis, x.shape.length) ?? x.graph.fail("Slice", `axis ${axis} is outside ${show(x.shape)}.`);
  if (!Number.isInteger(step) || step === 0) x.graph.fail("Slice", `the step is ${step}, expected a whole number other than 0.`);
  const n = x.shape[at]!;
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const inside = (i: number): number => Math.min(high, Math.max(low, i < 0 ? i + n : i));
  const cut = { axis: at, start: inside(start), end: inside(end), step };
  if (!Number.isInteger(cut.start) || !Number.isInteger(cut.end)) x.graph.fail("Slice", `from ${start} to ${end} are no whole numbers.`);
  return cutAxes(x, [cut]);
}

/** Cuts several axes in one node; starts and ends are inside the axes already. */
export function cutAxes(x: Value, cuts: readonly Cut[]): Value {
  const real = cuts.filter(({ axis, start, end, step }) => step !== 1 || start !== 0 || end !== x.shape[axis]);
  if (real.length === 0) return x;
  // ONNX counts a negative end from the back, so "down to element 0" is written far below
  const ends = real.map(({ end }) => (end < 0 ? -(2 ** 40) : end));
  const list = (numbers: number[]): Value => indices(x, numbers);
  return apply(Slice, [x, list(real.map((c) => c.start)), list(ends), list(real.map((c) => c.axis)), list(real.map((c) => c.step))], real);
}

/** The elements of a cut back in their places in the full shape, zeros elsewhere: the adjoint of `cutAxes`. */
export function placeBack(part: Value, shape: readonly number[], cuts: readonly Cut[]): Value {
  return cuts.reduce((dx, cut) => spread(dx, shape[cut.axis]!, cut), part);
}

/** Reverses the order along an axis. */
export function flip(x: Value, axis: number): Value {
  return slice(x, axis, -1, -Infinity, -1);
}

/** Adds `[before, after]` elements of a value to every axis. */
export function pad(x: Value, pairs: readonly (readonly [number, number])[], value = 0): Value {
  if (pairs.length !== x.shape.length) x.graph.fail("Pad", `${pairs.length} pairs given for ${show(x.shape)}; one pair for each axis is needed.`);
  if (pairs.some((pair) => pair.some((n) => !Number.isInteger(n) || n < 0))) x.graph.fail("Pad", `amounts ${pairs.map(show).join(" ")} must be whole numbers ≥ 0.`);
  if (pairs.every(([before, after]) => before === 0 && after === 0)) return x;
  const amounts = [...pairs.map((p) => p[0]), ...pairs.map((p) => p[1])];
  return apply(Pad, [x, indices(x, amounts), x.graph.scalar(value, x.dtype)], { pairs: pairs.map(([before, after]) => [before, after] as const) });
}

/** Repeats axes of length 1 (and new leading axes) up to the shape. */
export function expand(x: Value, shape: readonly number[]): Value {
  const full = broadcast(x.shape, shape);
  if (full === null || !sameShape(full, shape)) x.graph.fail("Expand", `${show(x.shape)} does not expand to ${show(shape)}.`);
  if (sameShape(x.shape, shape)) return x;
  const source = x.producer?.op === "Expand" ? x.producer.inputs[0]! : x;
  return apply(Expand, [source, indices(x, shape)], { shape: [...shape] });
}

/** Copies of the whole value side by side, `times[i]` along axis i. */
export function tile(x: Value, times: readonly number[]): Value {
  if (times.length !== x.shape.length || !times.every((n) => Number.isInteger(n) && n >= 1)) {
    x.graph.fail("Tile", `${show(times)} copies of ${show(x.shape)}; one whole number ≥ 1 for each axis is needed.`);
  }
  return times.every((n) => n === 1) ? x : apply(Tile, [x, indices(x, times)], { times: [...times] });
}

/** A value whose elements are all the same, of the type of `like` and of its shape unless another is given. */
export function filled(like: Value, value: number, shape: readonly number[] = like.shape): Value {
  return expand(like.graph.scalar(value, like.dtype), shape);
}

/** A list of whole numbers as an int64 constant of the value's graph. */
export function indices(x: Value, numbers: readonly number[]): Value {
  return x.graph.constant(numbers, [numbers.length], "int64");
}

/** Gradient of a cut: the elements of dy at start, start + step, … of an axis of the given length, zeros elsewhere. */
function spread(dy: Value, length: number, { axis, start, step }: Cut): Value {
  const count = dy.shape[axis]!;
  if (step === 1) return pad(dy, dy.shape.map((_, i) => (i === axis ? ([start, length - start - count] as const) : ([0, 0] as const))));
  const forward = step > 0 ? dy : flip(dy, axis);
  const first = step > 0 ? start : start + step * (count - 1);
  const stride = Math.abs(step);
  // [.., n] → [.., n, stride] with zeros behind every element → [.., n·stride]
  const tall = reshape(forward, [...dy.shape.slice(0, axis), count, 1, ...dy.shape.slice(axis + 1)]);
  const padded = pad(tall, tall.shape.map((_, i) => [0, i === axis + 1 ? stride - 1 : 0] as const));
  const flat = reshape(padded, dy.shape.with(axis, count * stride));
  const trimmed = slice(flat, axis, 0, Math.min(count * stride, length - first));
  const after = length - first - trimmed.shape[axis]!;
  return pad(trimmed, trimmed.shape.map((_, i) => (i === axis ? ([first, after] as const) : ([0, 0] as const))));
}
