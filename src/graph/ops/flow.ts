/** Identity nodes that steer gradients; the PyTorch check and other readers know them by their node names. */
import { apply } from "../graph.js";
import type { Operator, Value } from "../value.js";
import { mul } from "./arithmetic.js";

const StopGradient: Operator<readonly [Value], null> = { onnx: "Identity", infer: ([x]) => x, vjp: null };

const ScaleGradient: Operator<readonly [Value], { lambda: number }> = {
  onnx: "Identity",
  infer: ([x]) => x,
  vjp: ({ dy, attributes: { lambda } }) => [mul(dy, lambda)],
};

/** The same value, through which no gradient flows: an Identity node named `…stop_gradient…`. */
export function stopGradient(x: Value): Value {
  return apply(StopGradient, [x], null, "stop_gradient");
}

/** The same value; its gradient is multiplied by lambda (negative: reversed). An Identity node named `…scale_gradient:lambda…`. */
export function scaleGradient(x: Value, lambda: number): Value {
  const text = String(lambda);
  if (!/^-?[0-9.]+(e-[0-9]+)?$/.test(text)) x.graph.fail("scaleGradient", `the factor ${text} is no plain finite number.`);
  return apply(ScaleGradient, [x], { lambda }, `scale_gradient:${text}`);
}
