/** Elementwise functions of one value. Gradients read the output where they can, so that the input need not be kept. */
import { apply } from "../graph.js";
import type { Operator, Value } from "../value.js";
import { inferFloat, mul, neg, slopeMask, sub } from "./arithmetic.js";

type Unary = Operator<readonly [Value], null>;

const Sin: Unary = { onnx: "Sin", infer: inferFloat("Sin"), vjp: ({ inputs: [x], dy }) => [mul(dy, cos(x))] };
const Cos: Unary = { onnx: "Cos", infer: inferFloat("Cos"), vjp: ({ inputs: [x], dy }) => [neg(mul(dy, sin(x)))] };
const Tanh: Unary = { onnx: "Tanh", infer: inferFloat("Tanh"), vjp: ({ y, dy }) => [mul(dy, sub(1, mul(y, y)))] };
const Sigmoid: Unary = { onnx: "Sigmoid", infer: inferFloat("Sigmoid"), vjp: ({ y, dy }) => [mul(dy, sub(y, mul(y, y)))] };
const Softplus: Unary = { onnx: "Softplus", infer: inferFloat("Softplus"), vjp: ({ inputs: [x], dy }) => [mul(dy, sigmoid(x))] };
const Relu: Unary = { onnx: "Relu", infer: inferFloat("Relu"), vjp: ({ y, dy }) => [mul(dy, slopeMask(y, 0, 1))] };
const LeakyRelu: Operator<readonly [Value], { alpha: number }> = {
  onnx: "LeakyRelu",
  infer: inferFloat("LeakyRelu"),
  encode: ({ alpha }) => ({ alpha: { kind: "float", value: alpha } }),
  // the slope is positive, so the output has the sign of the input
  vjp: ({ y, dy, attributes: { alpha } }) => [mul(dy, slopeMask(y, alpha, 1))],
};

export function sin(x: Value): Value {
  return apply(Sin, [x], null);
}

export function cos(x: Value): Value {
  return apply(Cos, [x], null);
}

export function tanh(x: Value): Value {
  return apply(Tanh, [x], null);
}

export function sigmoid(x: Value): Value {
  return apply(Sigmoid, [x], null);
}

/** log(1 + e^x). */
export function softplus(x: Value): Value {
  return apply(Softplus, [x], null);
}

/** max(x, 0); the gradient at 0 is 0. */
export function relu(x: Value): Value {
  return apply(Relu, [x], null);
}

/** x where x > 0, alpha·x elsewhere; 0 < alpha < 1. */
export function leakyRelu(x: Value, alpha: number): Value {
  if (!(alpha > 0 && alpha < 1)) x.graph.fail("LeakyRelu", `the slope is ${alpha}, expected between 0 and 1.`);
  return apply(LeakyRelu, [x], { alpha });
}

/** x·sigmoid(x). */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}
