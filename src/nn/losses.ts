/** Losses: each returns a scalar []. */
import { relu, softplus } from "../graph/ops/activation.js";
import { abs, add, clip, div, log, mul, neg, sqrt, square, sub } from "../graph/ops/arithmetic.js";
import { cast, equal } from "../graph/ops/compare.js";
import { stopGradient } from "../graph/ops/flow.js";
import { reshape, slice, transpose } from "../graph/ops/layout.js";
import { matmul } from "../graph/ops/matmul.js";
import { l2Norm, logSumExp, mean, softmax, sum } from "../graph/ops/reduce.js";
import { show } from "../graph/shape.js";
import type { Operand, Value } from "../graph/value.js";

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

/** Least-squares discriminator (Mao et al. 2017): real scores to 1, generated ones to 0. */
export function leastSquaresDiscriminator(real: Value, fake: Value): Value {
  return mul(add(mean(square(sub(real, 1))), mean(square(fake))), 0.5);
}

/** What the generator minimises against a least-squares discriminator. */
export function leastSquaresGenerator(fake: Value): Value {
  return mul(mean(square(sub(fake, 1))), 0.5);
}

/** Mean binary cross entropy of scores before the sigmoid; targets in 0..1 (soft labels too), a value or one number. */
export function binaryCrossEntropy(scores: Value, target: Operand): Value {
  return mean(sub(softplus(scores), mul(scores, target)));
}

/** Mean binary cross entropy of probabilities, for instance of cosines in 0..1 (Prajwal et al. 2020, equation 1). */
export function binaryCrossEntropyOfProbability(probability: Value, target: Operand): Value {
  const inside = clip(probability, 1e-7, 1 - 1e-6); // finite logarithms; float32 ends at 1 - 6e-8
  const [yes, no] = [log(inside), log(sub(1, inside))];
  return neg(mean(add(no, mul(sub(yes, no), target))));
}

/** Mean cross entropy of scores [N, K] with the numbers of the true classes [N] (int64 or int32). */
export function crossEntropy(scores: Value, classes: Value): Value {
  const [n, k] = scores.shape;
  if (scores.shape.length !== 2 || classes.shape.length !== 1 || classes.shape[0] !== n) scores.graph.fail("crossEntropy", `scores ${show(scores.shape)} and classes ${show(classes.shape)}, expected [N,K] and [N].`);
  const numbers = scores.graph.constant(Array.from({ length: k! }, (_, i) => i), [1, k!], classes.dtype);
  const own = cast(equal(reshape(classes, [n!, 1]), numbers), scores.dtype); // [N, K]
  return mean(sub(logSumExp(scores, 1), sum(mul(scores, own), { axes: [1] })));
}

/**
 * How far scores [N, K] are from telling nothing: the sum over classes of (softmax - 1/K)^2, averaged over rows. An encoder minimises
 * it to hide classes from a classifier (DAVS, Zhou et al. 2019).
 */
export function confusion(scores: Value): Value {
  return mean(sum(square(sub(softmax(scores, 1), 1 / scores.shape[1]!)), { axes: [1] }));
}

/**
 * Contrastive loss with a margin (Hadsell et al. 2006) on rows of unit length: rows [N, D] that belong together (`same` [N] is 1)
 * are drawn together, others (0) pushed apart up to the margin.
 */
export function marginContrastive(a: Value, b: Value, same: Value, margin = 1): Value {
  const distance = l2Norm(sub(unitRows(a), unitRows(b)), { axes: [1] });
  return mean(add(mul(same, square(distance)), mul(sub(1, same), square(relu(sub(margin, distance))))));
}

/** Mean absolute difference of neighbouring pixels of x [N, C, H, W] in both directions (Rudin et al. 1992). */
export function totalVariation(x: Value): Value {
  const along = (axis: number): Value => l1(slice(x, axis, 1, Infinity), slice(x, axis, 0, -1));
  return add(along(2), along(3));
}

/** Mean L1 between the features of real and generated pictures, layer by layer; the real ones count as constant (Wang et al. 2018). */
export function featureMatching(real: readonly Value[], fake: readonly Value[]): Value {
  const [first, ...rest] = fake.map((f, i) => l1(f, stopGradient(real[i]!))) as [Value, ...Value[]];
  return div(rest.reduce((total, part) => add(total, part), first), fake.length);
}
