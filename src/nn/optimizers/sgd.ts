/** Stochastic gradient descent, with momentum (Polyak 1964) as in PyTorch. */
import { add, mul } from "../../graph/ops/arithmetic.js";
import type { Optimizer } from "./optimizer.js";

export interface SgdOptions {
  readonly momentum: number;
  /** Weight decay as part of the gradient. */
  readonly decay: number;
}

export function sgd({ momentum, decay }: SgdOptions): Optimizer {
  return {
    moments: momentum === 0 ? [] : ["m"],
    move: ({ theta, grad, moment }) => {
      const g = decay === 0 ? grad : add(grad, mul(theta, decay));
      return momentum === 0 ? g : moment("m", momentum, 1, g);
    },
  };
}
