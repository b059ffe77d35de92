/** Comparisons, selection, casts: the operators through which gradients flow only in part. */
import { isFloat } from "../dtype.js";
import { apply } from "../graph.js";
import type { Dtype } from "../onnx.js";
import { broadcast, show } from "../shape.js";
import type { Operand, Operator, Value, ValueType } from "../value.js";
import { add } from "./arithmetic.js";

/** ONNX numbers of element types (TensorProto.DataType), for Cast. */
const dataTypes: Readonly<Partial<Record<Dtype, number>>> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 };

type Comparison = Operator<readonly [Value, Value], null>;

function comparison(onnx: string): Comparison {
  return {
    onnx,
    infer: ([a, b]): ValueType => {
      if (a.dtype !== b.dtype) a.graph.fail(onnx, `operands are ${a.dtype} ${show(a.shape)} and ${b.dtype} ${show(b.shape)}; cast one of them.`);
      const shape = broadcast(a.shape, b.shape) ?? a.graph.fail(onnx, `shapes ${show(a.shape)} and ${show(b.shape)} do not broadcast.`);
      return { dtype: "bool", shape };
    },
    vjp: null,
  };
}

const Greater = comparison("Greater");
const Less = comparison("Less");
const Equal = comparison("Equal");

const Not: Operator<readonly [Value], null> = {
  onnx: "Not",
  infer: ([x]) => {
    if (x.dtype !== "bool") x.graph.fail("Not", `expects bool, got ${x.dtype} ${show(x.shape)}.`);
    return x;
  },
  vjp: null,
};

const Where: Operator<readonly [Value, Value, Value], null> = {
  onnx: "Where",
  infer: ([condition, a, b]) => {
    if (condition.dtype !== "bool") a.graph.fail("Where", `the condition is ${condition.dtype} ${show(condition.shape)}, expected bool.`);
    if (a.dtype !== b.dtype) a.graph.fail("Where", `the choices are ${a.dtype} ${show(a.shape)} and ${b.dtype} ${show(b.shape)}; cast one of them.`);
    const shape =
      broadcast(condition.shape, a.shape, b.shape) ??
      a.graph.fail("Where", `shapes ${show(condition.shape)}, ${show(a.shape)} and ${show(b.shape)} do not broadcast.`);
    return { dtype: a.dtype, shape };
  },
  vjp: ({ inputs: [condition], dy, needs }) => [null, needs[1] ? where(condition, dy, 0) : null, needs[2] ? where(condition, 0, dy) : null],
};

const Cast: Operator<readonly [Value], { to: Dtype }> = {
  onnx: "Cast",
  infer: ([x], { to }) => ({ dtype: to, shape: x.shape }),
  encode: ({ to }) => ({ to: { kind: "int", value: dataTypes[to]! } }),
  vjp: ({ inputs: [x], attributes: { to }, dy }) => [isFloat(x.dtype) && isFloat(to) ? cast(dy, x.dtype) : null],
};

const And: Operator<readonly [Value, Value], null> = {
  onnx: "And",
  infer: ([a, b]) => {
    if (a.dtype !== "bool" || b.dtype !== "bool") a.graph.fail("And", `expects bool, got ${a.dtype} ${show(a.shape)} and ${b.dtype} ${show(b.shape)}.`);
    const shape = broadcast(a.shape, b.shape) ?? a.graph.fail("And", `shapes ${show(a.shape)} and ${show(b.shape)} do not broadcast.`);
    return { dtype: "bool", shape };
  },
  vjp: null,
};

const Floor: Operator<readonly [Value], null> = { onnx: "Floor", infer: ([x]) => x, vjp: null };
const Ceil: Operator<readonly [Value], null> = { onnx: "Ceil", infer: ([x]) => x, vjp: null };

export function greater(a: Value, b: Operand): Value {
  return apply(Greater, [a, like(b, a)], null);
}

export function less(a: Value, b: Operand): Value {
  return apply(Less, [a, like(b, a)], null);
}

export function equal(a: Value, b: Operand): Value {
  return apply(Equal, [a, like(b, a)], null);
}

export function not(x: Value): Value {
  return apply(Not, [x], null);
}

export function and(a: Value, b: Value): Value {
  return apply(And, [a, b], null);
}

/** By De Morgan's rule: ONNX's Or has no WebGPU kernel. */
export function or(a: Value, b: Value): Value {
  return not(and(not(a), not(b)));
}

/** Elementwise choice; numbers take the type of the other choice, two numbers are float32. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const { graph } = condition;
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float32";
  const value = (x: Operand): Value => (typeof x === "number" ? graph.scalar(x, dtype) : x);
  return apply(Where, [condition, value(a), value(b)], null);
}

/** Converts the element type; gradients flow between float types. */
export function cast(x: Value, to: Dtype): Value {
  if (dataTypes[to] === undefined) x.graph.fail("Cast", `cannot cast to ${to}; use ${Object.keys(dataTypes).join(", ")}.`);
  return x.dtype === to ? x : apply(Cast, [x], { to });
}

/** Rounds down; its gradient is zero. */
export function floor(x: Value): Value {
  return apply(Floor, [x], null);
}

/** Rounds up; its gradient is zero. */
export function ceil(x: Value): Value {
  return apply(Ceil, [x], null);
}

/** The nearest whole number, halves up (ONNX's Round takes halves to even and has no WebGPU kernel); its gradient is zero. */
export function round(x: Value): Value {
  return floor(add(x, 0.5));
}

function like(x: Operand, other: Value): Value {
  return typeof x === "number" ? other.graph.scalar(x, other.dtype) : x;
}
