/** ONNX's reductions, softmax and their kin in ours. */
import { abs, exp, log, neg, square, sub } from "../ops/arithmetic.js";
import { reshape } from "../ops/layout.js";
import { argMax, cumSum, l1Norm, l2Norm, logSoftmax, max, mean, min, softmax, sum, type ReduceOptions } from "../ops/reduce.js";
import { reducedShape, sizeOf } from "../shape.js";
import type { Value } from "../value.js";
import type { NodeReader, Rule } from "./node-reader.js";

type Reduction = (x: Value, options: ReduceOptions) => Value;

export const reduceRules: Readonly<Record<string, Rule>> = {
  ArgMax: (node) => extremePlace(node, (x) => x),
  ArgMin: (node) => extremePlace(node, neg),
  CumSum: (node) => {
    const x = node.value(0);
    const y = cumSum(x, node.axis(node.number(1, "axis"), x), node.flag("reverse", false));
    return node.flag("exclusive", false) ? sub(y, x) : y;
  },
  LogSoftmax: (node) => alongAxis(node, logSoftmax),
  ReduceL1: reduced(l1Norm, abs),
  ReduceL2: reduced(l2Norm, abs),
  ReduceLogSum: reduced((x, options) => log(sum(x, options)), log),
  ReduceLogSumExp: reduced((x, options) => {
    // the largest element is taken out first, so that exp does not overflow
    const top = max(x, { ...options, keepDims: true });
    const rest = log(sum(exp(sub(x, top)), options));
    return sub(rest, neg(reshape(top, rest.shape)));
  }),
  ReduceMax: reduced(max),
  ReduceMean: reduced(mean),
  ReduceMin: reduced(min),
  ReduceSum: reduced(sum),
  ReduceSumSquare: reduced((x, options) => sum(square(x), options), square),
  Softmax: (node) => alongAxis(node, softmax),
};

/**
 * Axes are an input of ReduceSum since version 13 and of the others since 18; none means all, or each element `alone` where that
 * is asked for.
 */
function reduced(reduce: Reduction, alone: (x: Value) => Value = (x) => x): Rule {
  return (node) => {
    const x = node.value(0);
    const keepDims = node.flag("keepdims", true);
    const nothing = node.flag("noop_with_empty_axes", false);
    const given = node.listed(1, "axes") ?? [];
    if (given.length === 0 && nothing) return alone(x);
    const axes = given.length === 0 ? x.shape.map((_, i) => i) : node.axes(given, x.shape.length).sort((a, b) => a - b);
    if (axes.length === 0) return alone(x);
    return reduce(x, { axes, keepDims });
  };
}

/** Before version 13, softmax ran over all axes from the given one on, as if they were one. */
function alongAxis(node: NodeReader, build: (x: Value, axis: number) => Value): Value {
  const x = node.value(0);
  const axis = node.axis(node.int("axis", node.opset < 13 ? 1 : -1), x);
  if (node.opset >= 13 || axis === x.shape.length - 1) return build(x, axis);
  return reshape(build(reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]), 1), x.shape);
}

function extremePlace(node: NodeReader, build: (x: Value) => Value): Value {
  const x = node.value(0);
  const axis = node.axis(node.int("axis", 0), x);
  if (node.flag("select_last_index", false)) node.fail("takes the last of equal elements; the first is supported.");
  const place = argMax(build(x), axis);
  return reshape(place, reducedShape(x.shape, [axis], node.flag("keepdims", true)));
}
