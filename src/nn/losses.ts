/** Losses: each returns a scalar []. */
import { relu, softplus } from "../graph/ops/activation.js";
import { abs, add, div, mul, sqrt, square, sub } from "../graph/ops/arithmetic.js";
import { reshape, transpose } from "../graph/ops/layout.js";
import { matmul } from "../graph/ops/matmul.js";
import { logSumExp, mean, sum } from "../graph/ops/reduce.js";
import type { Value } from "../graph/value.js";

/** Mean absolute difference, optionally weighted (weight broadcasts; the mean is over weighted terms, not renormalised). */
export function l1(a: Value, b: Value, weight?: Value): Value {
  const difference = abs(sub(a, b));
  return mean(weight === undefined ? difference : mul(difference, weight));
}

/** Mean squared difference, optionally weighted. */
export function l2(a: Value, b: Value, weight?: Value): Value {
  const difference = square(sub(a, b));
  return mean(weight === undefined ? difference : mul(difference, weight));
}

/** L1 between the horizontal and vertical differences of two pictures [N, C, H, W]: punishes blur (Mathieu et al. 2016). */
export function gradientDifference(a: Value, b: Value, differences: (x: Value) => readonly [Value, Value]): Value {
  const [ax, ay] = differences(a);
  const [bx, by] = differences(b);
  return add(l1(ax, bx), l1(ay, by));
}

/** x [N, D] with rows of unit length. */
export function unitRows(x: Value): Value {
  return div(x, sqrt(add(sum(square(x), { axes: [1], keepDims: true }), 1e-6)));
}

/** 1 - cosine of matching rows of [N, D]. */
export function cosineDistance(a: Value, b: Value): Value {
  return mean(sub(1, sum(mul(unitRows(a), unitRows(b)), { axes: [1], keepDims: false })));
}

/**
 * InfoNCE (van den Oord et al. 2018) in both directions: row i of `a` belongs to row i of `b`, all other rows are negatives.
 * `mask` [N, N], added to the similarities, takes pairs out that are no fair negatives (large negative numbers).
 */
export function contrastive(a: Value, b: Value, temperature: number, mask?: Value): Value {
  const n = a.shape[0] as number;
  const ua = unitRows(a);
  const ub = unitRows(b);
  const raw = div(matmul(ua, transpose(ub, [1, 0])), temperature); // [N, N]
  const similarity = mask === undefined ? raw : add(raw, mask);
  const own = div(sum(mul(ua, ub), { axes: [1], keepDims: false }), temperature); // [N]
  const rows = reshape(logSumExp(similarity, 1, true), [n]);
  const columns = reshape(logSumExp(similarity, 0, true), [n]);
  return mean(sub(mul(add(rows, columns), 0.5), own));
}

/** Hinge loss of a discriminator (Lim & Ye 2017): real scores above 1, generated ones below -1. */
export function hingeDiscriminator(real: Value, fake: Value): Value {
  return add(mean(relu(sub(1, real))), mean(relu(add(fake, 1))));
}

/** What the generator minimises against a hinge discriminator; softened so that a lost game still has a bounded slope. */
export function hingeGenerator(fake: Value): Value {
  return mean(softplus(sub(0, fake)));
}
