/** ONNX's matrix products, norms and sampling of pictures in ours. */
import { add, div, mul, reciprocal, sqrt, square, sub } from "../ops/arithmetic.js";
import { gridSample } from "../ops/grid-sample.js";
import { reshape, transpose } from "../ops/layout.js";
import { matmul } from "../ops/matmul.js";
import { batchNormalization, instanceNormalization, layerNormalization } from "../ops/normalization.js";
import { mean } from "../ops/reduce.js";
import { show } from "../shape.js";
import type { Value } from "../value.js";
import type { NodeReader, Rule } from "./node-reader.js";

export const networkRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNorm,
  Gemm: (node) => {
    const turned = (i: number, name: string): Value => {
      const x = node.value(i);
      if (x.shape.length !== 2) node.fail(`input ${i} is ${show(x.shape)}, expected a matrix.`);
      return node.flag(name, false) ? transpose(x, [1, 0]) : x;
    };
    const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
    const product = mul(matmul(turned(0, "transA"), turned(1, "transB")), alpha);
    const c = node.optional(2);
    return c === null || beta === 0 ? product : add(product, mul(c, beta));
  },
  GridSample: (node) => {
    const [image, grid] = [node.value(0), node.value(1)];
    node.word("mode", ["bilinear", "linear"]);
    const padding = node.word("padding_mode", ["zeros", "border"]);
    if (!node.flag("align_corners", false)) return gridSample(image, grid, { padding });
    // -1 and 1 are the centres of the outer pixels: nearer together than the outer edges
    const [h = 1, w = 1] = image.shape.slice(2);
    return gridSample(image, mul(grid, node.graph.constant([(w - 1) / w, (h - 1) / h], [2])), { padding });
  },
  GroupNormalization: (node) => {
    const x = node.value(0);
    const groups = node.int("num_groups", 0);
    const [n = 0, c = 0, ...size] = x.shape;
    if (size.length === 0 || groups < 1 || c % groups !== 0) node.fail(`${groups} groups do not divide ${show(x.shape)}.`);
    const perGroup = standardized(reshape(x, [n, groups, c / groups, ...size]), size.map((_, i) => i + 3).concat(2), node.float("epsilon", 1e-5));
    // version 18 has one scale and shift for each group
    const wide = (v: Value): Value => reshape(v, [groups, 1, ...size.map(() => 1)]);
    return reshape(add(mul(perGroup, wide(node.value(1))), wide(node.value(2))), x.shape);
  },
  InstanceNormalization: (node) => instanceNormalization(node.value(0), node.value(1), node.value(2), node.float("epsilon", 1e-5)),
  LayerNormalization: layerNorm,
  MatMul: (node) => {
    const [a, b] = [node.value(0), node.value(1)];
    // vectors are rows on the left and columns on the right, and that axis goes away again
    const y = matmul(a.shape.length === 1 ? reshape(a, [1, ...a.shape]) : a, b.shape.length === 1 ? reshape(b, [...b.shape, 1]) : b);
    const columns = b.shape.length === 1 ? reshape(y, y.shape.slice(0, -1)) : y;
    return a.shape.length === 1 ? reshape(columns, columns.shape.toSpliced(b.shape.length === 1 ? -1 : -2, 1)) : columns;
  },
};

/** Mean 0 and variance 1 over the axes. */
function standardized(x: Value, axes: readonly number[], epsilon: number): Value {
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  return div(centred, sqrt(add(mean(square(centred), { axes, keepDims: true }), epsilon)));
}

/** Over all axes from the given one on; mean and inverse deviation are outputs too. */
function layerNorm(node: NodeReader): Value | readonly Value[] {
  const [x, scale, bias] = [node.value(0), node.value(1), node.optional(2)];
  node.int("stash_type", 1);
  const epsilon = node.float("epsilon", 1e-5);
  const first = node.axis(node.int("axis", -1), x);
  const statistics = node.node.outputs.some((name, i) => i > 0 && name !== "");
  if (first === x.shape.length - 1 && bias !== null && scale.shape.length === 1 && !statistics) return layerNormalization(x, scale, bias, epsilon);
  const axes = x.shape.map((_, i) => i).slice(first);
  const average = mean(x, { axes, keepDims: true });
  const centred = sub(x, average);
  const inverse = reciprocal(sqrt(add(mean(square(centred), { axes, keepDims: true }), epsilon)));
  const y = mul(mul(centred, inverse), scale);
  return [bias === null ? y : add(y, bias), average, inverse];
}

/** With the running mean and variance of the file, which are statistics and never trained. */
function batchNorm(node: NodeReader): Value {
  node.float("momentum", 0.9); // concerns training
  if (node.flag("training_mode", false)) node.fail("is in training mode; export the model for inference.");
  const statistic = (i: number): Value => {
    const known = node.known(i);
    return known === null ? node.value(i) : node.graph.constant(known.data, known.shape, known.dtype);
  };
  return batchNormalization(node.value(0), node.value(1), node.value(2), statistic(3), statistic(4), node.float("epsilon", 1e-5));
}
