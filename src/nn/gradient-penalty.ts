/**
 * Penalties on the slope of a discriminator at its input: differentiating them by the weights differentiates a gradient.
 * A judge maps samples [B, ...] to scores whose first axis is B; it must treat samples one by one (no batch statistics).
 */
import { gradient } from "../graph/gradient.js";
import { add, mul, sqrt, square, sub } from "../graph/ops/arithmetic.js";
import { stopGradient } from "../graph/ops/flow.js";
import { reshape } from "../graph/ops/layout.js";
import { mean, sum } from "../graph/ops/reduce.js";
import type { Value } from "../graph/value.js";

export type Judge = (samples: Value) => Value;

/**
 * WGAN-GP (Gulrajani et al. 2017, equation 3) without its weight: mean of (|slope| - 1)² between real and generated samples;
 * `share` [B] in 0..1 says how real each is.
 */
export function gradientPenalty(judge: Judge, real: Value, fake: Value, share: Value): Value {
  const perSample = reshape(share, [share.shape[0] as number, ...real.shape.slice(1).map(() => 1)]);
  const between = stopGradient(add(mul(real, perSample), mul(fake, sub(1, perSample))));
  return mean(square(sub(sqrt(add(squaredSlopes(judge, between), 1e-12)), 1)));
}

/** R1 (Mescheder et al. 2018, equation 9) without its weight γ/2: mean of |slope|² at real samples. */
export function r1Penalty(judge: Judge, real: Value): Value {
  return mean(squaredSlopes(judge, stopGradient(real)));
}

/** Squared length of the slope of the sum of a sample's scores [B]. */
function squaredSlopes(judge: Judge, samples: Value): Value {
  const [slope] = gradient(sum(judge(samples)), [samples]) as [Value];
  return sum(square(slope), { axes: slope.shape.slice(1).map((_, i) => i + 1), keepDims: false });
}
