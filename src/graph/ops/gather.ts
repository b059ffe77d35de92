/** Picking elements by index, and its counterpart: adding elements at indices. */
import { apply } from "../graph.js";
import { axisIn, show, sizeOf } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { concat, expand, filled, reshape, transpose } from "./layout.js";
import { matmul } from "./matmul.js";

interface AtAxis {
  readonly axis: number;
}

const encodeAxis = ({ axis }: AtAxis): { axis: { kind: "int"; value: number } } => ({ axis: { kind: "int", value: axis } });

const Gather: Operator<readonly [Value, Value], AtAxis> = {
  onnx: "Gather",
  infer: ([x, index], { axis }) => ({ dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)] }),
  encode: encodeAxis,
  vjp: ({ inputs: [x, index], attributes: { axis }, dy }) => [gatherGradient(x, index, axis, dy), null],
};

const GatherElements: Operator<readonly [Value, Value], AtAxis> = {
  onnx: "GatherElements",
  infer: ([x, index]) => ({ dtype: x.dtype, shape: index.shape }),
  encode: encodeAxis,
  vjp: ({ inputs: [x, index], attributes: { axis }, dy }) => [scatterAdd(filled(x, 0), index, dy, axis), null],
};

// On the CPU ScatterND with reduction add is racy (onnxruntime #18048); ScatterElements is right everywhere.
const ScatterElements: Operator<readonly [Value, Value, Value], AtAxis> = {
  onnx: "ScatterElements",
  infer: ([x]) => x,
  encode: (attributes) => ({ ...encodeAxis(attributes), reduction: { kind: "string", value: "add" } }),
  vjp: ({ inputs: [, index], attributes: { axis }, dy }) => [dy, null, gatherElements(dy, index, axis)],
};

/** Elements of an axis at whole-number indices ≥ 0 (a list, or an int64/int32 value of any shape): the index axes take the place of the axis. */
export function gather(x: Value, indices: readonly number[] | Value, axis: number): Value {
  const at = axisIn(axis, x.shape.length) ?? x.graph.fail("Gather", `axis ${axis} is outside ${show(x.shape)}.`);
  const length = x.shape[at]!;
  if (!("graph" in indices)) {
    const wrong = indices.find((i) => !Number.isInteger(i) || i < 0 || i >= length);
    if (wrong !== undefined) x.graph.fail("Gather", `index ${wrong} is outside axis ${at} of ${show(x.shape)}.`);
    return apply(Gather, [x, x.graph.constant(indices, [indices.length], "int64")], { axis: at });
  }
  checkIndex("Gather", indices);
  return apply(Gather, [x, indices], { axis: at });
}

/** Element by element: y[i, j] = x[index[i, j], j] for axis 0. */
export function gatherElements(x: Value, index: Value, axis: number): Value {
  return apply(GatherElements, [x, index], { axis: checkElements("GatherElements", x, index, axis) });
}

/** x with every update added at its index along the axis; indices may repeat. */
export function scatterAdd(x: Value, index: Value, updates: Value, axis: number): Value {
  const at = checkElements("ScatterElements", x, index, axis);
  if (show(index.shape) !== show(updates.shape)) x.graph.fail("ScatterElements", `updates ${show(updates.shape)} and indices ${show(index.shape)} differ in shape.`);
  return apply(ScatterElements, [x, index, updates], { axis: at });
}

/** Largest one-hot matrix that a gradient may use. */
const oneHotLimit = 1 << 18;

/**
 * Known indices without repetition: pick back with the inverse index (a row of zeros for what was not picked); known ones with
 * repetition: one product with a one-hot matrix while it is small; anything else: ScatterElements.
 */
function gatherGradient(x: Value, index: Value, axis: number, dy: Value): Value {
  const count = sizeOf(index.shape);
  const length = x.shape[axis]!;
  const flat = reshape(dy, [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1)]);
  const data = x.graph.constantData(index);
  const known = data === null ? null : Array.from(data, Number);
  if (known !== null && new Set(known).size === count) {
    const inverse = new Array<number>(length).fill(count);
    known.forEach((at, i) => (inverse[at] = i));
    const padded = count === length ? flat : concat([flat, filled(flat, 0, flat.shape.with(axis, 1))], axis);
    return gather(padded, inverse, axis);
  }
  if (known !== null && count * length <= oneHotLimit) {
    const matrix = new Float32Array(length * count);
    known.forEach((at, i) => (matrix[at * count + i] = 1));
    const last = flat.shape.map((_, i) => i).filter((i) => i !== axis);
    const rows = transpose(flat, [axis, ...last]); // [count, rest]
    const dx = matmul(x.graph.constant(matrix, [length, count]), reshape(rows, [count, -1]));
    return transpose(reshape(dx, rows.shape.with(0, length)), flat.shape.map((_, i) => (i < axis ? i + 1 : i === axis ? 0 : i)));
  }
  const spread = reshape(index, flat.shape.map((_, i) => (i === axis ? count : 1)));
  return scatterAdd(filled(x, 0), expand(spread, flat.shape), flat, axis);
}

function checkIndex(op: string, index: Value): void {
  if (index.dtype !== "int64" && index.dtype !== "int32") index.graph.fail(op, `indices are ${index.dtype}, expected int64 or int32.`);
}

function checkElements(op: string, x: Value, index: Value, axis: number): number {
  checkIndex(op, index);
  const at = axisIn(axis, x.shape.length) ?? x.graph.fail(op, `axis ${axis} is outside ${show(x.shape)}.`);
  const fits = index.shape.length === x.shape.length && index.shape.every((n, i) => i === at || n <= x.shape[i]!);
  if (!fits) x.graph.fail(op, `indices ${show(index.shape)} do not fit ${show(x.shape)} along axis ${at}.`);
  return at;
}
