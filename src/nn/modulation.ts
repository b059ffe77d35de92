/** One stream steers another: scale and shift of a normalised map. */
import { add, mul } from "../graph/ops/arithmetic.js";
import { reshape, split } from "../graph/ops/layout.js";
import { instanceNormalization } from "../graph/ops/normalization.js";
import { show } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { linear } from "./layers.js";
import type { Params } from "./params.js";

/**
 * (1 + gamma)·IN(x) + beta for x [N, C, H, W]; gamma and beta [N, C, 1, 1] for the whole map (AdaIN, Huang & Belongie 2017) or
 * [N, C, H, W] place by place (Park et al. 2019).
 */
export function modulate(x: Value, gamma: Value, beta: Value): Value {
  return add(mul(instanceNormalization(x), add(gamma, 1)), beta);
}

/** Adaptive instance normalisation: x [N, C, ...] takes scale and shift from a style vector [N, S] (Karras et al. 2019). */
export function adaptiveInstanceNorm(p: Params, name: string, x: Value, style: Value): Value {
  const [count = 0, channels = 0] = x.shape;
  if (style.shape.length !== 2 || style.shape[0] !== count) x.graph.fail("adaptiveInstanceNorm", `the style is ${show(style.shape)}, expected [${count},S] for ${show(x.shape)}.`);
  const both = linear(p, name, style, { out: 2 * channels });
  const [gamma, beta] = split(both, [channels, channels], 1).map((v) => reshape(v, [count, channels, ...x.shape.slice(2).map(() => 1)])) as [Value, Value];
  return modulate(x, gamma, beta);
}
