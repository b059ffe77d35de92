/**
 * Constant folding, exactly: what comes out has the very bits that ONNX Runtime would compute, or is not folded. Elements are
 * moved unchanged; float32 arithmetic is the correctly rounded one (a double has more than twice the digits, so rounding its
 * +, −, ×, ÷ and √ to float32 once more is exact), int64 wraps around as C does.
 */
import { arrayOf, fromBytes, type TypedArray } from "../dtype.js";
import type { Dtype, OnnxAttribute } from "../onnx.js";
import { axisIn, broadcast, sizeOf, sliceLength } from "../shape.js";
import { broadcastPositions, gatheredPositions, slicedPositions, transposedPositions } from "./positions.js";

export interface Constant {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

export interface FoldCall {
  readonly inputs: readonly Constant[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** Largest number of elements of a result. */
  readonly limit: number;
}

type Fold = (call: FoldCall) => Constant | readonly Constant[] | null;

/** Results of a node with constant inputs; null where the node, its form or the size is not for folding. */
export function fold(op: string, call: FoldCall): readonly Constant[] | null {
  const rule = Object.hasOwn(folds, op) ? folds[op]! : null;
  const folded = rule === null ? null : rule(call);
  return folded === null || !("dtype" in folded) ? folded : [folded];
}

const folds: Readonly<Record<string, Fold>> = {
  Constant: ({ attributes }) => written(attributes),
  Identity: ({ inputs: [x] }) => x ?? null,
  Reshape: ({ inputs: [x, shape], attributes }) => (x === undefined ? null : reshaped(x, integersOf(shape), intOf(attributes, "allowzero", 0) === 1)),
  Squeeze: ({ inputs: [x, axes], attributes }) => {
    if (x === undefined) return null;
    const at = inside(axesOf(axes, attributes) ?? x.shape.flatMap((n, i) => (n === 1 ? [i] : [])), x.shape.length);
    return at === null || at.some((i) => x.shape[i] !== 1) ? null : { ...x, shape: x.shape.filter((_, i) => !at.includes(i)) };
  },
  Unsqueeze: ({ inputs: [x, axes], attributes }) => {
    const wanted = axesOf(axes, attributes);
    if (x === undefined || wanted === null) return null;
    const rank = x.shape.length + wanted.length;
    const at = inside(wanted, rank);
    if (at === null || new Set(at).size !== at.length) return null;
    const sizes = [...x.shape];
    return { ...x, shape: Array.from({ length: rank }, (_, i) => (at.includes(i) ? 1 : sizes.shift()!)) };
  },
  Transpose: ({ inputs: [x], attributes, limit }) => {
    if (x === undefined) return null;
    const perm = intsOf(attributes, "perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i);
    if (perm.length !== x.shape.length || !x.shape.every((_, i) => perm.includes(i))) return null;
    return moved(x, perm.map((axis) => x.shape[axis]!), limit, () => transposedPositions(x.shape, perm));
  },
  Expand: ({ inputs: [x, shape], limit }) => {
    const full = x === undefined ? null : broadcast(x.shape, integersOf(shape) ?? []);
    return x === undefined || full === null ? null : moved(x, full, limit, () => broadcastPositions(x.shape, full));
  },
  Slice: ({ inputs: [x, starts, ends, axes, steps], limit }) => (x === undefined ? null : sliced(x, [starts, ends, axes, steps], limit)),
  Gather: ({ inputs: [x, index], attributes, limit }) => {
    const axis = x === undefined ? null : axisIn(intOf(attributes, "axis", 0), x.shape.length);
    const list = integersOf(index);
    if (x === undefined || index === undefined || axis === null || list === null) return null;
    const n = x.shape[axis]!;
    if (list.some((i) => i < -n || i >= n)) return null;
    const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)];
    return moved(x, shape, limit, () => gatheredPositions(x.shape, axis, list.map((i) => (i < 0 ? i + n : i))));
  },
  Concat: ({ inputs, attributes, limit }) => concatenated(inputs, intOf(attributes, "axis", NaN), limit),
  ConstantOfShape: ({ inputs: [shape], attributes, limit }) => {
    const sizes = integersOf(shape);
    const { value } = attributes;
    if (sizes === null || sizes.some((n) => n < 0) || (value !== undefined && (value.kind !== "tensor" || sizeOf(value.value.shape) !== 1))) return null;
    const like: Constant = value === undefined ? { dtype: "float32", shape: [1], data: new Float32Array(1) } : (written(attributes) as Constant);
    return moved(like, sizes, limit, () => new Array<number>(sizeOf(sizes)).fill(0));
  },
  Range: ({ inputs, limit }) => {
    const [start, end, step] = inputs.map((x) => (x.dtype === "int64" && x.data.length === 1 ? Number(x.data[0]) : NaN));
    const length = Math.max(0, Math.ceil((end! - start!) / step!));
    if (!(length <= limit) || inputs.length !== 3) return null;
    return { dtype: "int64", shape: [length], data: BigInt64Array.from({ length }, (_, i) => BigInt(start! + i * step!)) };
  },
  Cast: ({ inputs: [x], attributes }) => {
    const to = castTargets[intOf(attributes, "to", 0)];
    return x === undefined || to === undefined ? null : casted(x, to);
  },
  Add: arithmetic((a, b) => a + b, (a, b) => a + b),
  Sub: arithmetic((a, b) => a - b, (a, b) => a - b),
  Mul: arithmetic((a, b) => a * b, (a, b) => a * b),
  Div: arithmetic((a, b) => a / b, (a, b) => (b === 0n ? null : a / b)),
  Max: arithmetic(null, (a, b) => (a < b ? b : a)),
  Min: arithmetic(null, (a, b) => (a < b ? a : b)),
  Mod: arithmetic(null, (a, b) => (a < 0n || b <= 0n ? null : a % b)),
  Neg: unary((x) => -x, (x) => -x),
  Abs: unary(Math.abs, (x) => (x < 0n ? -x : x)),
  Floor: unary(Math.floor, null),
  Ceil: unary(Math.ceil, null),
  Sqrt: unary(Math.sqrt, null),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  Less: comparison((a, b) => a < b),
  Not: ({ inputs: [x] }) => (x?.dtype === "bool" ? { ...x, data: Uint8Array.from(x.data as Uint8Array, (bit) => 1 - bit) } : null),
  Where: ({ inputs: [condition, a, b], limit }) => {
    if (condition?.dtype !== "bool" || a === undefined || b === undefined || a.dtype !== b.dtype) return null;
    const shape = broadcast(condition.shape, a.shape, b.shape);
    if (shape === null || sizeOf(shape) > limit) return null;
    const [c, p, q] = [condition, a, b].map((x) => broadcastPositions(x.shape, shape)) as [number[], number[], number[]];
    const both = joined(a.data, b.data);
    return moved({ dtype: a.dtype, shape: [both.length], data: both }, shape, limit, () => c.map((at, i) => (condition.data[at] === 0 ? a.data.length + q[i]! : p[i]!)));
  },
};

/** ONNX's numbers of element types between which casts are exact or refused. */
const castTargets: Readonly<Record<number, Dtype>> = { 1: "float32", 6: "int32", 7: "int64", 9: "bool", 11: "float64" };

/** Whole numbers of a constant, or null where there are none. */
export function integersOf(x: Constant | undefined): number[] | null {
  return x === undefined || (x.dtype !== "int64" && x.dtype !== "int32") ? null : Array.from<number | bigint, number>(x.data, Number);
}

function intOf(attributes: FoldCall["attributes"], name: string, fallback: number): number {
  const attribute = attributes[name];
  return attribute?.kind === "int" ? attribute.value : fallback;
}

function intsOf(attributes: FoldCall["attributes"], name: string): readonly number[] | null {
  const attribute = attributes[name];
  return attribute?.kind === "ints" ? attribute.value : null;
}

/** The number or tensor that a Constant node holds. */
function written({ value, value_float: float, value_floats: floats, value_int: int, value_ints: ints }: FoldCall["attributes"]): Constant | null {
  if (value?.kind === "tensor") return { ...value.value, data: fromBytes(value.value.dtype, value.value.data) };
  if (float?.kind === "float") return { dtype: "float32", shape: [], data: Float32Array.of(float.value) };
  if (floats?.kind === "floats") return { dtype: "float32", shape: [floats.value.length], data: Float32Array.from(floats.value) };
  if (int?.kind === "int") return { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(int.value)) };
  return ints?.kind === "ints" ? { dtype: "int64", shape: [ints.value.length], data: arrayOf("int64", ints.value) } : null;
}

/** Axes as an input or, before opset 13, as an attribute. */
function axesOf(input: Constant | undefined, attributes: FoldCall["attributes"]): readonly number[] | null {
  return input === undefined ? intsOf(attributes, "axes") : integersOf(input);
}

function inside(axes: readonly number[], rank: number): number[] | null {
  const at = axes.map((axis) => axisIn(axis, rank));
  return at.some((axis) => axis === null) ? null : (at as number[]);
}

/** The elements at the positions that `from` lists. */
function moved(x: Constant, shape: readonly number[], limit: number, from: () => readonly number[]): Constant | null {
  if (sizeOf(shape) > limit) return null;
  const places = from();
  const out = new (x.data.constructor as new (length: number) => TypedArray)(places.length);
  places.forEach((at, i) => (out[i] = x.data[at]!));
  return { dtype: x.dtype, shape, data: out };
}

function joined(a: TypedArray, b: TypedArray): TypedArray {
  const out = new (a.constructor as new (length: number) => TypedArray)(a.length + b.length);
  (out as Uint8Array).set(a as Uint8Array);
  (out as Uint8Array).set(b as Uint8Array, a.length);
  return out;
}

function reshaped(x: Constant, wanted: readonly number[] | null, allowZero: boolean): Constant | null {
  if (wanted === null) return null;
  const sizes = wanted.map((n, i) => (n === 0 && !allowZero ? (x.shape[i] ?? NaN) : n));
  const known = sizeOf(sizes.filter((n) => n !== -1));
  const shape = sizes.map((n) => (n === -1 ? sizeOf(x.shape) / known : n));
  return shape.every((n) => Number.isInteger(n) && n >= 0) && sizeOf(shape) === sizeOf(x.shape) ? { ...x, shape } : null;
}

function sliced(x: Constant, given: readonly (Constant | undefined)[], limit: number): Constant | null {
  const [starts, ends] = given.map(integersOf);
  if (starts == null || ends == null || starts.length !== ends.length) return null;
  const axes = given[2] === undefined ? starts.map((_, i) => i) : integersOf(given[2]);
  const steps = given[3] === undefined ? starts.map(() => 1) : integersOf(given[3]);
  if (axes?.length !== starts.length || steps?.length !== starts.length) return null;
  return starts.reduce<Constant | null>((part, from, i) => {
    const axis = part === null ? null : axisIn(axes[i]!, part.shape.length);
    const step = steps[i]!;
    if (part === null || axis === null || step === 0) return null;
    const n = part.shape[axis]!;
    const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
    const limited = (at: number): number => Math.min(high, Math.max(low, at < 0 ? at + n : at));
    const [start, end] = [limited(from), limited(ends[i]!)];
    return moved(part, part.shape.with(axis, sliceLength(start, end, step)), limit, () => slicedPositions(part.shape, axis, start, end, step));
  }, x);
}

function concatenated(inputs: readonly Constant[], axis: number, limit: number): Constant | null {
  const [first] = inputs;
  const at = first === undefined ? null : axisIn(axis, first.shape.length);
  if (first === undefined || at === null) return null;
  const fits = inputs.every((x) => x.dtype === first.dtype && x.shape.length === first.shape.length && x.shape.every((n, i) => i === at || n === first.shape[i]));
  const shape = first.shape.with(at, inputs.reduce((total, x) => total + x.shape[at]!, 0));
  if (!fits || sizeOf(shape) > limit) return null;
  const all = inputs.map((x) => x.data).reduce(joined);
  let offset = 0;
  const starts = inputs.map((x) => (offset += x.data.length) - x.data.length);
  const rows = sizeOf(first.shape.slice(0, at));
  const places: number[] = [];
  for (let row = 0; row < rows; row++) {
    inputs.forEach(({ data }, i) => {
      const n = data.length / rows;
      for (let k = 0; k < n; k++) places.push(starts[i]! + row * n + k);
    });
  }
  return moved({ dtype: first.dtype, shape: [all.length], data: all }, shape, limit, () => places);
}

/** null where the new type does not hold the number exactly as C's conversion would give it. */
function casted(x: Constant, to: Dtype): Constant | null {
  if (x.dtype === to) return x;
  if (!["float32", "float64", "int32", "int64", "bool"].includes(x.dtype)) return null;
  const numbers = Array.from<number | bigint, number>(x.data, Number);
  if (!numbers.every(Number.isFinite)) return null;
  if (to === "bool") return { ...x, dtype: to, data: Uint8Array.from(numbers, (n) => (n === 0 ? 0 : 1)) };
  const whole = to === "int32" || to === "int64";
  const limit = to === "int32" ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
  if ((whole || x.dtype === "int64") && !numbers.every((n) => Math.abs(n) <= limit)) return null;
  return { ...x, dtype: to, data: arrayOf(to, whole ? numbers.map((n) => Math.trunc(n) + 0) : numbers) };
}

function arithmetic(real: ((a: number, b: number) => number) | null, whole: (a: bigint, b: bigint) => bigint | null): Fold {
  return ({ inputs: [a, b, more], limit }) => {
    if (a === undefined || b === undefined || more !== undefined || a.dtype !== b.dtype) return null;
    const shape = broadcast(a.shape, b.shape);
    if (shape === null || sizeOf(shape) > limit) return null;
    const [p, q] = [broadcastPositions(a.shape, shape), broadcastPositions(b.shape, shape)];
    if (a.dtype === "float32" && real !== null) return { dtype: a.dtype, shape, data: Float32Array.from(p, (at, i) => real(Number(a.data[at]), Number(b.data[q[i]!]))) };
    if (a.dtype !== "int64") return null;
    const results = p.map((at, i) => whole(BigInt(a.data[at]!), BigInt(b.data[q[i]!]!)));
    return results.some((n) => n === null) ? null : { dtype: a.dtype, shape, data: BigInt64Array.from(results as bigint[], (n) => BigInt.asIntN(64, n)) };
  };
}

function unary(real: (x: number) => number, whole: ((x: bigint) => bigint) | null): Fold {
  return ({ inputs: [x] }) => {
    if (x?.dtype === "float32") return { ...x, data: (x.data as Float32Array).map(real) };
    if (x?.dtype !== "int64" || whole === null) return null;
    return { ...x, data: (x.data as BigInt64Array).map((n) => BigInt.asIntN(64, whole(n))) };
  };
}

function comparison(holds: (a: number | bigint, b: number | bigint) => boolean): Fold {
  return ({ inputs: [a, b], limit }) => {
    if (a === undefined || b === undefined || a.dtype !== b.dtype || a.dtype === "float16") return null;
    const shape = broadcast(a.shape, b.shape);
    if (shape === null || sizeOf(shape) > limit) return null;
    const q = broadcastPositions(b.shape, shape);
    return { dtype: "bool", shape, data: Uint8Array.from(broadcastPositions(a.shape, shape), (at, i) => Number(holds(a.data[at]!, b.data[q[i]!]!))) };
  };
}
