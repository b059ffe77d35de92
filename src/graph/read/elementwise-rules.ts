/** ONNX's elementwise operators in ours. */
import { dtypeNumbers, type Dtype } from "../onnx-schema.js";
import { elu, erf, hardSigmoid, hardSwish, leakyRelu, prelu, relu, selu, sigmoid, sin, cos, softplus, softsign, tanh } from "../ops/activation.js";
import { abs, add, clip, div, exp, log, maximum, minimum, mul, neg, pow, reciprocal, sign, sqrt, sub } from "../ops/arithmetic.js";
import { and, cast, ceil, equal, floor, greater, less, not, or, where } from "../ops/compare.js";
import { scaleGradient, stopGradient } from "../ops/flow.js";
import { marker } from "../passes/draft.js";
import { sizeOf } from "../shape.js";
import type { Value } from "../value.js";
import type { NodeReader, Rule } from "./node-reader.js";

const unary = (build: (x: Value) => Value): Rule => (node) => build(node.value(0));
const binary = (build: (a: Value, b: Value) => Value): Rule => (node) => build(node.value(0), node.value(1));
const variadic = (build: (a: Value, b: Value) => Value): Rule => (node) => node.values().reduce((a, b) => build(a, b));

export const elementwiseRules: Readonly<Record<string, Rule>> = {
  Abs: unary(abs),
  Add: binary(add),
  And: binary(and),
  Cast: (node) => cast(node.value(0), dtypeOf(node)),
  CastLike: (node) => cast(node.value(0), node.value(1).dtype),
  Ceil: unary(ceil),
  Clip: clipped,
  Cos: unary(cos),
  Div: binary(div),
  Dropout: (node) => {
    node.int("seed", 0);
    node.optional(1);
    const [ratio, training] = [node.known(1)?.data[0], node.known(2)?.data[0]];
    if (node.has(2) && training !== 0 && ratio !== 0) node.fail("is meant for training; inference (the identity) is supported.");
    return node.value(0);
  },
  Elu: (node) => elu(node.value(0), node.float("alpha", 1)),
  Equal: binary(equal),
  Erf: unary(erf),
  Exp: unary(exp),
  Floor: unary(floor),
  Greater: binary(greater),
  GreaterOrEqual: binary((a, b) => or(greater(a, b), equal(a, b))),
  HardSigmoid: (node) => {
    const [alpha, beta] = [node.float("alpha", 0.2), node.float("beta", 0.5)];
    const x = node.value(0);
    return Math.abs(alpha - 1 / 6) < 1e-7 && beta === 0.5 ? hardSigmoid(x) : clip(add(mul(x, alpha), beta), 0, 1);
  },
  HardSwish: unary(hardSwish),
  Identity: steered,
  LeakyRelu: (node) => {
    const [x, alpha] = [node.value(0), node.float("alpha", 0.01)];
    return alpha > 0 && alpha < 1 ? leakyRelu(x, alpha) : sub(relu(x), mul(relu(neg(x)), alpha));
  },
  Less: binary(less),
  LessOrEqual: binary((a, b) => or(less(a, b), equal(a, b))),
  Log: unary(log),
  Max: variadic(maximum),
  Mean: (node) => div(node.values().reduce((a, b) => add(a, b)), node.node.inputs.length),
  Min: variadic(minimum),
  Mish: unary((x) => mul(x, tanh(softplus(x)))),
  Mul: binary(mul),
  Neg: unary(neg),
  Not: unary(not),
  Or: binary(or),
  Pow: (node) => {
    const exponent = node.known(1);
    const x = node.value(0);
    return exponent !== null && sizeOf(exponent.shape) === 1 && exponent.dtype !== "float16" && exponent.shape.length <= x.shape.length
      ? pow(x, Number(exponent.data[0]))
      : pow(x, cast(node.value(1), x.dtype));
  },
  PRelu: (node) => prelu(node.value(0), node.value(1)),
  Reciprocal: unary(reciprocal),
  Relu: unary(relu),
  Round: unary(halvesToEven),
  Selu: (node) => {
    const [x, alpha, gamma] = [node.value(0), node.float("alpha", 1.6732632), node.float("gamma", 1.050701)];
    return Math.abs(alpha - 1.6732632) < 1e-6 && Math.abs(gamma - 1.050701) < 1e-6 ? selu(x) : mul(elu(x, alpha), gamma);
  },
  Sigmoid: unary(sigmoid),
  Sign: unary(sign),
  Sin: unary(sin),
  Softplus: unary(softplus),
  Softsign: unary(softsign),
  Sqrt: unary(sqrt),
  Sub: binary(sub),
  Sum: variadic(add),
  Tanh: unary(tanh),
  Where: (node) => where(node.value(0), node.value(1), node.value(2)),
  Xor: binary((a, b) => or(and(a, not(b)), and(not(a), b))),
};

function dtypeOf(node: NodeReader): Dtype {
  const number = node.int("to", 0);
  const found = (Object.entries(dtypeNumbers) as [Dtype, number][]).find(([, n]) => n === number);
  return found === undefined ? node.fail(`casts to the element type ${number}, which is not supported.`) : found[0];
}

/** Identity nodes of our own graphs keep their hold on gradients. */
function steered(node: NodeReader): Value {
  const x = node.value(0);
  const [rule, lambda] = marker(node.node).split(":");
  if (rule === "stop_gradient") return stopGradient(x);
  return rule === "scale_gradient" ? scaleGradient(x, Number(lambda)) : x;
}

function clipped(node: NodeReader): Value {
  const x = node.value(0);
  const limit = (i: number): Value | number | null => {
    const known = node.known(i);
    return known !== null && known.data.length === 1 && known.dtype !== "float16" ? Number(known.data[0]) : node.optional(i);
  };
  const [low, high] = [limit(1), limit(2)];
  if (typeof low === "number" && typeof high === "number") return clip(x, low, high);
  const above = low === null ? x : maximum(x, low);
  return high === null ? above : minimum(above, high);
}

/** ONNX's Round: halves go to the even neighbour. */
function halvesToEven(x: Value): Value {
  const below = floor(x);
  const rest = sub(x, below);
  const odd = greater(sub(below, mul(floor(mul(below, 0.5)), 2)), 0.5);
  return add(below, cast(or(greater(rest, 0.5), and(equal(rest, 0.5), odd)), x.dtype));
}
