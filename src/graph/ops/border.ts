/** Padding with what lies at the border: mirrored, or repeated. */
import { apply } from "../graph.js";
import { show } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { add } from "./arithmetic.js";
import { flip, indices, pad, slice } from "./layout.js";
import { sum } from "./reduce.js";

type Pairs = readonly (readonly [number, number])[];
type BorderMode = "reflect" | "edge";

const PadBorder: Operator<readonly [Value, Value], { pairs: Pairs; mode: BorderMode }> = {
  onnx: "Pad",
  infer: ([x], { pairs }) => ({ dtype: x.dtype, shape: x.shape.map((n, i) => n + pairs[i]![0] + pairs[i]![1]) }),
  encode: ({ mode }) => ({ mode: { kind: "string", value: mode } }),
  vjp: ({ attributes: { pairs, mode }, dy }) => [pairs.reduce((dx, [before, after], axis) => fold(dx, axis, before, after, mode), dy), null],
};

/** Mirrors x at its first and last elements, which are not repeated: `[before, after]` for every axis, below its length. */
export function padReflect(x: Value, pairs: Pairs): Value {
  return padBorder(x, pairs, "reflect");
}

/** Repeats the first and last elements of x: `[before, after]` for every axis. */
export function padEdge(x: Value, pairs: Pairs): Value {
  return padBorder(x, pairs, "edge");
}

function padBorder(x: Value, pairs: Pairs, mode: BorderMode): Value {
  if (pairs.length !== x.shape.length) x.graph.fail("Pad", `${pairs.length} pairs given for ${show(x.shape)}; one pair for each axis is needed.`);
  const fits = pairs.every((pair, i) => pair.every((n) => Number.isInteger(n) && n >= 0 && (n === 0 || (mode === "edge" ? x.shape[i]! > 0 : n < x.shape[i]!))));
  if (!fits) x.graph.fail("Pad", `amounts ${pairs.map(show).join(" ")} must be whole numbers ≥ 0${mode === "reflect" ? ` and below the lengths of ${show(x.shape)}` : ""}.`);
  if (pairs.every(([before, after]) => before === 0 && after === 0)) return x;
  const amounts = [...pairs.map((p) => p[0]), ...pairs.map((p) => p[1])];
  return apply(PadBorder, [x, indices(x, amounts)], { pairs: pairs.map(([before, after]) => [before, after] as const), mode });
}

/** The adjoint along one axis: what fell on the border goes back to the elements that it copied. */
function fold(dy: Value, axis: number, before: number, after: number, mode: BorderMode): Value {
  const total = dy.shape[axis]!;
  const inner = total - before - after;
  const part = (start: number, length: number): Value => slice(dy, axis, start, start + length);
  /** A part whose first element stands at `at`, zeros elsewhere. */
  const placed = (x: Value, at: number): Value => pad(x, x.shape.map((n, i) => (i === axis ? ([at, inner - at - n] as const) : ([0, 0] as const))));
  const core = part(before, inner);
  const shares: Value[] = [core];
  if (before > 0) {
    const head = part(0, before);
    shares.push(mode === "edge" ? placed(sum(head, { axes: [axis], keepDims: true }), 0) : placed(flip(head, axis), 1));
  }
  if (after > 0) {
    const tail = part(before + inner, after);
    shares.push(mode === "edge" ? placed(sum(tail, { axes: [axis], keepDims: true }), inner - 1) : placed(flip(tail, axis), inner - 1 - after));
  }
  return shares.reduce((dx, share) => add(dx, share));
}
