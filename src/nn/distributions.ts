/** Latent distributions and estimates of information between them. */
import { softplus } from "../graph/ops/activation.js";
import { add, exp, mul, neg, square, sub } from "../graph/ops/arithmetic.js";
import { reshape } from "../graph/ops/layout.js";
import { logSumExp, mean, sum } from "../graph/ops/reduce.js";
import type { Value } from "../graph/value.js";

/** A Gaussian with independent components: mean and logarithm of the variance, [N, Z] both. */
export interface Gaussian {
  readonly mean: Value;
  readonly logVariance: Value;
}

/** A sample [N, Z] from standard normal noise [N, Z]; gradients reach mean and variance (Kingma & Welling 2014). */
export function sampleGaussian({ mean: centre, logVariance }: Gaussian, noise: Value): Value {
  return add(centre, mul(exp(mul(logVariance, 0.5)), noise));
}

/** KL(q || p), summed over components and averaged over rows (Denton & Fergus 2018); p is standard normal where absent (Kingma & Welling 2014). */
export function klDivergence(q: Gaussian, p?: Gaussian): Value {
  const terms =
    p === undefined
      ? sub(add(exp(q.logVariance), square(q.mean)), add(q.logVariance, 1))
      : add(sub(p.logVariance, q.logVariance), sub(add(exp(sub(q.logVariance, p.logVariance)), mul(square(sub(q.mean, p.mean)), exp(neg(p.logVariance)))), 1));
  return mul(mean(sum(terms, { axes: [1] })), 0.5);
}

/**
 * The Jensen-Shannon estimate of mutual information that a statistics network maximises: its scores of pairs that belong together and of
 * shuffled ones, any shapes (AMIE, Zhu et al. 2020, after Hjelm et al. 2019).
 */
export function jensenShannonInformation(joint: Value, marginal: Value): Value {
  return neg(add(mean(softplus(neg(joint))), mean(softplus(marginal))));
}

/** The Donsker-Varadhan bound on mutual information, E[T] - log E[e^T] (MINE, Belghazi et al. 2018). */
export function donskerVaradhanInformation(joint: Value, marginal: Value): Value {
  const all = reshape(marginal, [-1]);
  return sub(mean(joint), sub(logSumExp(all, 0), Math.log(all.shape[0]!)));
}
