/** The generator's picture side: warp the identity views by the points, blend them, paint what warping cannot give. */
import { add, mul, sub } from "../../graph/ops/arithmetic.js";
import { stopGradient } from "../../graph/ops/flow.js";
import { concat, expand, reshape, transpose } from "../../graph/ops/layout.js";
import { softmax, sum } from "../../graph/ops/reduce.js";
import { resizeBilinear } from "../../graph/ops/resize.js";
import type { Value } from "../../graph/value.js";
import { convLayer } from "../../nn/layers.js";
import type { Params } from "../../nn/params.js";
import { painter, viewJudge } from "../parts/painter.js";
import { doubled } from "../parts/pictures.js";
import { lookUp, mapCount, pointMotion } from "../parts/warp.js";
import { type Config, flowSize } from "./config.js";
import { repeatFrames } from "./motion-phase.js";

export interface Rendered {
  /** [N, 3, S, S] in 0..1. */
  readonly picture: Value;
  /** The warped and blended views before painting; no gradient to the motion. */
  readonly warped: Value;
  /** The same at half size [N, 3, S/2, S/2], with a gradient to the motion. */
  readonly coarse: Value;
  /** Share of the painter per pixel [N, 1, S, S]. */
  readonly mask: Value;
  /** Maps of the target's point groups [N, G, S/2, S/2]. */
  readonly maps: Value;
  /** Where painting is free, around mouth and eyes [N, 1, S/2, S/2]. */
  readonly region: Value;
}

/** Views that fit alike are not averaged into a blur: scores count this much. */
const decision = 8;

/**
 * views [B, K, 3, S, S] in 0..1 for N = B T frames, viewPoints [N, K, L, 2], viewMask [N, K], preference [N, K] (added to a view's score), points [N, L, 2] (pixels), fused [N, C, 4, 4].
 * Nothing here needs a gradient to a picture: views are warped first and judged after.
 */
export function render(config: Config, p: Params, inputs: { readonly views: Value; readonly viewPoints: Value; readonly viewMask: Value; readonly preference?: Value; readonly points: Value; readonly fused: Value }): Rendered {
  const { views, viewPoints, viewMask, preference, points, fused } = inputs;
  const [b, k] = views.shape as [number, number];
  const n = points.shape[0] as number;
  const s = config.size;
  const side = flowSize(config);
  return p.scope("generator", (q) => {
    const { places, fit, region, maps } = pointMotion(q, "motion", points, viewPoints, { side, size: s });
    const ofFrames = (x: Value): Value => reshape(repeatFrames(reshape(x, [b, k, ...x.shape.slice(1)]), n / b), [n * k, ...x.shape.slice(1)]);
    const given = reshape(views, [b * k, 3, s, s]);
    const pictures = ofFrames(given);
    const first = lookUp(pictures, stopGradient(places), s, 1); // [N·K, 3, S/2, S/2]
    const perView = reshape(expand(reshape(maps, [n, 1, mapCount, side, side]), [n, k, mapCount, side, side]), [n * k, mapCount, side, side]);
    const judged = viewJudge(q, "judge", concat([sub(mul(first, 2), 1), perView], 1), s / 32);

    const own = add(judged.score, reshape(fit, [n * k, 1, side, side]));
    const score = preference === undefined ? own : add(own, reshape(preference, [n * k, 1, 1, 1]));
    const shift = reshape(transpose(judged.shift, [0, 2, 3, 1]), [n, k, side, side, 2]);
    const moved = add(places, shift);
    const missing = reshape(mul(sub(viewMask, 1), 1e4), [n, k, 1, 1, 1]);
    const blend = (seen: Value, scores: Value, size: number): Value => {
      const shares = softmax(add(mul(reshape(scores, [n, k, 1, size, size]), decision), missing), 1);
      return sum(mul(reshape(seen, [n, k, 3, size, size]), shares), { axes: [1], keepDims: false });
    };
    // The gradient of a look-up costs several look-ups: the motion learns at half size, the full one only follows.
    const coarse = blend(lookUp(pictures, moved, s, 1), score, side);
    const warped = blend(lookUp(ofFrames(doubled(given)), stopGradient(moved), s, 2), resizeBilinear(score, 2), s);

    const code = convLayer(q, "code", fused, { out: config.width, kernel: 1 });
    const { picture, mask } = painter(q, "painter", { warped, maps, region, code }, config.painterWidths);
    return { picture, warped, coarse, mask, maps, region };
  });
}
