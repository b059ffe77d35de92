/** RMSprop (Tieleman & Hinton 2012), with momentum as in PyTorch. */
import { add, div, mul, sqrt, square } from "../../graph/ops/arithmetic.js";
import type { Optimizer } from "./optimizer.js";

export interface RmsPropOptions {
  /** Share of the mean square that is kept. */
  readonly alpha: number;
  readonly epsilon: number;
  readonly momentum: number;
  /** Weight decay as part of the gradient. */
  readonly decay: number;
}

export function rmsProp({ alpha, epsilon, momentum, decay }: RmsPropOptions): Optimizer {
  return {
    moments: momentum === 0 ? ["v"] : ["v", "m"],
    move: ({ theta, grad, moment }) => {
      const g = decay === 0 ? grad : add(grad, mul(theta, decay));
      const scaled = div(g, add(sqrt(moment("v", alpha, 1 - alpha, square(g))), epsilon));
      return momentum === 0 ? scaled : moment("m", momentum, 1, scaled);
    },
  };
}
