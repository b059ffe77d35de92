/** Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019). */
import { add, div, mul, pow, sqrt, square, sub } from "../../graph/ops/arithmetic.js";
import type { Value } from "../../graph/value.js";
import type { Optimizer } from "./optimizer.js";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Weight decay: part of the gradient in Adam, beside it in AdamW. */
  readonly decay: number;
}

export function adam(options: AdamOptions): Optimizer {
  const { decay } = options;
  return { moments, move: ({ theta, grad, ...rest }) => adaptiveMove(options, { ...rest, grad: decay === 0 ? grad : add(grad, mul(theta, decay)) }) };
}

/** The decay comes last and is scaled by the rate alone, so it is the same for weights with large and with small gradients. */
export function adamW(options: AdamOptions): Optimizer {
  const { decay } = options;
  return {
    moments,
    move: ({ theta, ...rest }) => {
      const move = adaptiveMove(options, rest);
      return decay === 0 ? move : add(move, mul(theta, decay));
    },
  };
}

const moments = ["m", "v"];

function adaptiveMove({ beta1, beta2, epsilon }: AdamOptions, { grad, step, moment }: Omit<Parameters<Optimizer["move"]>[0], "theta">): Value {
  const m = moment("m", beta1, 1 - beta1, grad);
  const v = moment("v", beta2, 1 - beta2, square(grad));
  const correction = (beta: number): Value => sub(1, pow(step.graph.scalar(beta), step));
  return div(div(m, correction(beta1)), add(sqrt(div(v, correction(beta2))), epsilon));
}
