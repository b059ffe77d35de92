/** Elementwise functions of one value. Gradients read the output where they can, so that the input need not be kept. */
import { apply } from "../graph.js";
import { broadcast, sameShape, show } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { abs, add, clip, div, exp, inferFloat, mul, neg, slopeMask, square, sub } from "./arithmetic.js";

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
const Elu: Operator<readonly [Value], { alpha: number }> = {
  onnx: "Elu",
  infer: inferFloat("Elu"),
  encode: ({ alpha }) => ({ alpha: { kind: "float", value: alpha } }),
  // below 0 the slope is α·e^x = y + α
  vjp: ({ y, dy, attributes: { alpha } }) => {
    const above = slopeMask(y, 0, 1);
    return [mul(dy, add(above, mul(sub(1, above), add(y, alpha))))];
  },
};
const Erf: Unary = { onnx: "Erf", infer: inferFloat("Erf"), vjp: ({ inputs: [x], dy }) => [mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))] };

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

/** x where x > 0, alpha·(e^x − 1) elsewhere (Clevert et al. 2016); alpha > 0. */
export function elu(x: Value, alpha = 1): Value {
  if (!(alpha > 0)) x.graph.fail("Elu", `alpha is ${alpha}, expected a number above 0.`);
  return apply(Elu, [x], { alpha });
}

/** The self-normalising ELU (Klambauer et al. 2017, constants of its equation 14); ONNX's Selu has no WebGPU kernel. */
export function selu(x: Value): Value {
  return mul(elu(x, 1.6732632423543772), 1.0507009873554805);
}

/** The error function. */
export function erf(x: Value): Value {
  return apply(Erf, [x], null);
}

/** x·Φ(x) (Hendrycks & Gimpel 2016), exact; ONNX Runtime fuses the five nodes. */
export function gelu(x: Value): Value {
  return mul(mul(x, add(erf(div(x, Math.SQRT2)), 1)), 0.5);
}

/** x where x > 0, slope·x elsewhere, with a learned slope that broadcasts to x (He et al. 2015). */
export function prelu(x: Value, slope: Value): Value {
  const shape = broadcast(x.shape, slope.shape);
  if (shape === null || !sameShape(shape, x.shape)) x.graph.fail("PRelu", `the slopes ${show(slope.shape)} do not broadcast to ${show(x.shape)}.`);
  const above = relu(x);
  return add(above, mul(sub(x, above), slope));
}

/** x/6 + 1/2 limited to 0 … 1 (Howard et al. 2019). */
export function hardSigmoid(x: Value): Value {
  return clip(add(div(x, 6), 0.5), 0, 1);
}

/** x·hardSigmoid(x). */
export function hardSwish(x: Value): Value {
  return mul(x, hardSigmoid(x));
}

/** x/(1 + |x|); ONNX's Softsign has no WebGPU kernel. */
export function softsign(x: Value): Value {
  return div(x, add(abs(x), 1));
}
