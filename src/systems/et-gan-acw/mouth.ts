/** What speech moves: mouth and jaw over a window, and how well one follows the other. */
import { speechPoints } from "../../base/points.js";
import { add, div, mul, sqrt, square, sub } from "../../graph/ops/arithmetic.js";
import { gather } from "../../graph/ops/gather.js";
import { reshape, slice } from "../../graph/ops/layout.js";
import { mean, sum } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";

/** The points that speech moves, of [B·T, L, 2]: [B, T, 2 S]. */
export function spokenPart(offsets: Value, b: number, t: number): Value {
  return reshape(gather(offsets, speechPoints, 1), [b, t, 2 * speechPoints.length]);
}

/** [B, T, ...] less its mean over the window. */
export function aboutMean(x: Value): Value {
  return sub(x, mean(x, { axes: [1], keepDims: true }));
}

/** [B, T, ...] -> change from frame to frame [B, T - 1, ...]. */
export function velocity(x: Value): Value {
  const t = x.shape[1] as number;
  return sub(slice(x, 1, 1, t), slice(x, 1, 0, t - 1));
}

/** Height of the outer lips [B, T] about its mean over the window, from `spokenPart` [B, T, 2 S] with y turned down. */
export function opening(mouth: Value): Value {
  const [b, t] = mouth.shape as [number, number];
  const y = (point: number): Value => {
    const place = 2 * speechPoints.indexOf(point) + 1;
    return slice(mouth, 2, place, place + 1);
  };
  const height = (upper: number, lower: number): Value => sub(y(lower), y(upper));
  return aboutMean(reshape(add(add(height(50, 58), height(51, 57)), height(52, 56)), [b, t]));
}

/** Mean over windows of the correlation of two series [B, T] of mean zero. */
export function followed(x: Value, y: Value): Value {
  const over = (z: Value): Value => sum(z, { axes: [1], keepDims: false });
  return mean(div(over(mul(x, y)), sqrt(add(mul(over(square(x)), over(square(y))), 1e-6))));
}
