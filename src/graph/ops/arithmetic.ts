/** Arithmetic of two operands with broadcasting, and the unary operators that belong to it. */
import { isFloat } from "../dtype.js";
import { apply } from "../graph.js";
import { broadcast, sameShape, show, sizeOf } from "../shape.js";
import type { Operand, Operator, Value, ValueType } from "../value.js";
import { stopGradient } from "./flow.js";
import { expand } from "./layout.js";

type Binary = Operator<readonly [Value, Value], null>;
type Unary = Operator<readonly [Value], null>;

/** A number as a scalar constant of the other operand's type. */
export function operand(x: Operand, like: Value): Value {
  return typeof x === "number" ? like.graph.scalar(x, like.dtype) : x;
}

/** Both operands as values; one of them must be a value already. */
export function operands(op: string, a: Operand, b: Operand): readonly [Value, Value] {
  if (typeof a !== "number") return [a, operand(b, a)];
  if (typeof b !== "number") return [operand(a, b), b];
  throw new TypeError(`internal: ${op} of two numbers`);
}

export function inferBinary(op: string): (inputs: readonly [Value, Value]) => ValueType {
  return ([a, b]) => {
    if (a.dtype !== b.dtype) a.graph.fail(op, `operands are ${a.dtype} ${show(a.shape)} and ${b.dtype} ${show(b.shape)}; cast one of them.`);
    const shape = broadcast(a.shape, b.shape) ?? a.graph.fail(op, `shapes ${show(a.shape)} and ${show(b.shape)} do not broadcast.`);
    return { dtype: a.dtype, shape };
  };
}

export function inferFloat(op: string): (inputs: readonly [Value]) => ValueType {
  return ([x]) => {
    if (!isFloat(x.dtype)) x.graph.fail(op, `expects a float, got ${x.dtype} ${show(x.shape)}; cast it.`);
    return x;
  };
}

const Add: Binary = { onnx: "Add", infer: inferBinary("Add"), vjp: ({ dy }) => [dy, dy] };
const Sub: Binary = { onnx: "Sub", infer: inferBinary("Sub"), vjp: ({ dy, needs }) => [dy, needs[1] ? neg(dy) : null] };
const Mul: Binary = {
  onnx: "Mul",
  infer: inferBinary("Mul"),
  vjp: ({ inputs: [a, b], dy, needs }) =>
    a === b ? [mul(mul(dy, 2), a), null] : [needs[0] ? mul(dy, b) : null, needs[1] ? mul(dy, a) : null],
};
const Div: Binary = {
  onnx: "Div",
  infer: inferBinary("Div"),
  // d(a/b) = da/b − (a/b)·db/b
  vjp: ({ inputs: [, b], y, dy, needs }) => [needs[0] ? div(dy, b) : null, needs[1] ? neg(div(mul(dy, y), b)) : null],
};
const Pow: Binary = {
  onnx: "Pow",
  infer: inferBinary("Pow"),
  vjp: ({ inputs: [a, b], y, dy, needs }) => [
    needs[0] ? mul(dy, mul(b, pow(a, sub(b, 1)))) : null,
    needs[1] ? mul(dy, mul(y, log(a))) : null,
  ],
};
// At ties the whole gradient goes to the first operand.
const Max: Binary = {
  onnx: "Max",
  infer: inferBinary("Max"),
  vjp: ({ inputs: [a, b], dy }) => choice(dy, slopeMask(sub(b, a), 0, 1)),
};
const Min: Binary = {
  onnx: "Min",
  infer: inferBinary("Min"),
  vjp: ({ inputs: [a, b], dy }) => choice(dy, slopeMask(sub(a, b), 0, 1)),
};
const Neg: Unary = { onnx: "Neg", infer: ([x]) => x, vjp: ({ dy }) => [neg(dy)] };
const Abs: Unary = {
  onnx: "Abs",
  infer: ([x]) => x,
  vjp: ({ inputs: [x], dy }) => [mul(dy, slopeMask(x, -1, 1))], // 0 at 0
};
const Exp: Unary = { onnx: "Exp", infer: inferFloat("Exp"), vjp: ({ y, dy }) => [mul(dy, y)] };
const Sqrt: Unary = { onnx: "Sqrt", infer: inferFloat("Sqrt"), vjp: ({ y, dy }) => [div(mul(dy, 0.5), y)] };
const Log: Unary = { onnx: "Log", infer: inferFloat("Log"), vjp: ({ inputs: [x], dy }) => [div(dy, x)] };
const Reciprocal: Unary = { onnx: "Reciprocal", infer: inferFloat("Reciprocal"), vjp: ({ y, dy }) => [neg(mul(dy, square(y)))] };
const Clip: Operator<readonly [Value, Value, Value], null> = {
  onnx: "Clip",
  infer: ([x]) => x,
  vjp: ({ inputs: [x], y, dy }) => [mul(dy, sub(1, slopeMask(abs(sub(x, y)), 0, 1))), null, null],
};

/**
 * `low` where x < 0, `high` where x > 0, and at 0 whichever of 0, low and high lies in the middle: the slopes of functions
 * with a kink. A product and a Clip take a quarter of the time of a comparison with Where, and Sign has no WebGPU kernel. The mask counts as constant: its own slope is 0 wherever it has one.
 */
export function slopeMask(x: Value, low: number, high: number): Value {
  const steep = x.dtype === "float16" ? 3e4 : 1e30; // anything that takes the smallest numbers of interest past 1
  return stopGradient(clip(mul(x, steep), low, high));
}

/** Gradients of two operands of which the second was taken where the mask is 1. */
function choice(dy: Value, second: Value): readonly [Value, Value] {
  const db = mul(dy, second);
  return [sub(dy, db), db];
}

/**
 * Elementwise operators work on the small source of an Expand: gradients of means and sums are expansions, and Expand is
 * slow in ONNX Runtime (20 times a Resize of the same size). Where the other operand does not restore the full shape, the
 * result is expanded instead.
 */
function binary(op: Binary, a: Operand, b: Operand): Value {
  const [p, q] = operands(op.onnx, a, b);
  const [small, other] = [source(p), source(q)];
  if (small === p && other === q) return apply(op, [p, q], null);
  const full = broadcast(p.shape, q.shape) ?? p.graph.fail(op.onnx, `shapes ${show(p.shape)} and ${show(q.shape)} do not broadcast.`);
  return expand(apply(op, [small, other], null), full);
}

function source(x: Value): Value {
  return x.producer?.op === "Expand" ? x.producer.inputs[0]! : x;
}

export function add(a: Operand, b: Operand): Value {
  return binary(Add, a, b);
}

export function sub(a: Operand, b: Operand): Value {
  return binary(Sub, a, b);
}

export function mul(a: Operand, b: Operand): Value {
  // the gradient of a loss starts with ones
  if (isOne(a) && typeof b !== "number" && spans(b, a)) return b;
  if (isOne(b) && typeof a !== "number" && spans(a, b)) return a;
  return binary(Mul, a, b);
}

export function div(a: Operand, b: Operand): Value {
  return binary(Div, a, b);
}

/** a to the power b; the gradient of the exponent needs a > 0. */
export function pow(a: Value, b: Operand): Value {
  return b === 2 ? square(a) : b === 1 ? a : binary(Pow, a, b);
}

/** Elementwise maximum; at ties the gradient goes to `a`. */
export function maximum(a: Operand, b: Operand): Value {
  return apply(Max, operands("Max", a, b), null);
}

/** Elementwise minimum; at ties the gradient goes to `a`. */
export function minimum(a: Operand, b: Operand): Value {
  return apply(Min, operands("Min", a, b), null);
}

/** Limits x to [low, high]; the gradient passes inside and on the limits. */
export function clip(x: Value, low: number, high: number): Value {
  if (!(low <= high)) x.graph.fail("Clip", `the low limit ${low} is above the high limit ${high}.`);
  return apply(Clip, [x, operand(low, x), operand(high, x)], null);
}

export function neg(x: Value): Value {
  return expand(apply(Neg, [source(x)], null), x.shape);
}

export function abs(x: Value): Value {
  return apply(Abs, [x], null);
}

export function square(x: Value): Value {
  return mul(x, x);
}

export function exp(x: Value): Value {
  return apply(Exp, [x], null);
}

export function sqrt(x: Value): Value {
  return apply(Sqrt, [x], null);
}

export function log(x: Value): Value {
  return apply(Log, [x], null);
}

/** 1/x. */
export function reciprocal(x: Value): Value {
  return apply(Reciprocal, [x], null);
}

/** −1, 0 or 1; its gradient is zero. ONNX's Sign has no WebGPU kernel. */
export function sign(x: Value): Value {
  return slopeMask(x, -1, 1);
}

/** Whether multiplying by `one` leaves the shape of x. */
function spans(x: Value, one: Operand): boolean {
  return typeof one === "number" || sameShape(broadcast(x.shape, one.shape) ?? [], x.shape);
}

function isOne(x: Operand): boolean {
  if (typeof x === "number") return x === 1;
  if (sizeOf(x.shape) !== 1 || !isFloat(x.dtype) || x.dtype === "float16") return false;
  const data = x.graph.constantData(x);
  return data !== null && Number(data[0]) === 1;
}
