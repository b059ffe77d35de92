/** AdamW (Loshchilov & Hutter 2019) with clipping by the global norm, as graph values on flat vectors. */
import { add, div, minimum, mul, pow, sqrt, square, sub } from "../graph/ops/arithmetic.js";
import { sum } from "../graph/ops/reduce.js";
import type { Value } from "../graph/value.js";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay per step, relative to the rate. */
  readonly decay: number;
  /** Largest norm of the gradient. */
  readonly clip: number;
}

export const adamDefaults: AdamOptions = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0, clip: 1 };

export interface AdamState {
  readonly theta: Value;
  readonly m: Value;
  readonly v: Value;
}

/**
 * The next state from the gradient. theta, m, v, grad: [P]; step: [] (1 for the first update); rate: [].
 * Also returns the norm of the gradient before clipping.
 */
export function adam(state: AdamState, grad: Value, step: Value, rate: Value, options: AdamOptions): AdamState & { readonly norm: Value } {
  const { beta1, beta2, epsilon, decay, clip } = options;
  const norm = sqrt(sum(square(grad), { axes: [0], keepDims: false }));
  const clipped = mul(grad, minimum(div(clip, add(norm, 1e-12)), 1));
  const m = add(mul(state.m, beta1), mul(clipped, 1 - beta1));
  const v = add(mul(state.v, beta2), mul(square(clipped), 1 - beta2));
  const power = (beta: number): Value => pow(step.graph.scalar(beta), step);
  const mHat = div(m, sub(1, power(beta1)));
  const vHat = div(v, sub(1, power(beta2)));
  const move = div(mHat, add(sqrt(vHat), epsilon));
  const decayed = decay === 0 ? state.theta : mul(state.theta, sub(1, mul(rate, decay)));
  return { theta: sub(decayed, mul(rate, move)), m, v, norm };
}
