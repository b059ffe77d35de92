/** Matrix products over the last two axes, with leading axes broadcast. */
import { isFloat } from "../dtype.js";
import { apply } from "../graph.js";
import { broadcast, show, sizeOf } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { reshape, transpose } from "./layout.js";

const MatMul: Operator<readonly [Value, Value], null> = {
  onnx: "MatMul",
  infer: ([a, b]) => {
    const both = `${show(a.shape)} and ${show(b.shape)}`;
    if (a.dtype !== b.dtype || !isFloat(a.dtype)) a.graph.fail("MatMul", `operands are ${a.dtype} and ${b.dtype} ${both}, expected floats of one type.`);
    if (a.shape.length < 2 || b.shape.length < 2) a.graph.fail("MatMul", `operands need two axes or more, got ${both}; reshape vectors.`);
    if (a.shape.at(-1) !== b.shape.at(-2)) a.graph.fail("MatMul", `rows of ${a.shape.at(-1)} elements meet columns of ${b.shape.at(-2)}: ${both}.`);
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)) ?? a.graph.fail("MatMul", `leading axes of ${both} do not broadcast.`);
    return { dtype: a.dtype, shape: [...batch, a.shape.at(-2)!, b.shape.at(-1)!] };
  },
  // dA = dY·Bᵀ, dB = Aᵀ·dY; gradients over broadcast leading axes are summed by the walker
  vjp: ({ inputs: [a, b], dy, needs }) => [
    needs[0] ? matmul(dy, swapLast(b)) : null,
    !needs[1] ? null : b.shape.length === 2 && a.shape.length > 2 ? matmul(swapLast(rows(a)), rows(dy)) : matmul(swapLast(a), dy),
  ],
};

/** [.., I, J] × [.., J, K] → [.., I, K]. */
export function matmul(a: Value, b: Value): Value {
  return apply(MatMul, [a, b], null);
}

/** Exchanges the last two axes. */
export function swapLast(x: Value): Value {
  const rank = x.shape.length;
  return transpose(x, x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i)));
}

/** All leading axes as one: [.., J] → [rows, J], so that a shared matrix gets its gradient from one product. */
function rows(x: Value): Value {
  const last = x.shape.at(-1)!;
  return reshape(x, [sizeOf(x.shape.slice(0, -1)), last]);
}
