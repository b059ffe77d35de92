/** Raw uint8 pictures in, network pictures out and back. */
import { add, clip, div, mul, sub } from "../../graph/ops/arithmetic.js";
import { padEdge } from "../../graph/ops/border.js";
import { cast } from "../../graph/ops/compare.js";
import { conv } from "../../graph/ops/conv.js";
import { expand, reshape, slice, transpose } from "../../graph/ops/layout.js";
import { pixelShuffle } from "../../graph/ops/pixel-shuffle.js";
import { averagePool } from "../../graph/ops/pool.js";
import type { Value } from "../../graph/value.js";

/** uint8 [..., H, W, 3] -> float32 [N, 3, H, W] in 0..1, N the product of the leading axes. */
export function fromBytes(x: Value): Value {
  const [h, w, c] = x.shape.slice(-3) as [number, number, number];
  return div(transpose(reshape(cast(x, "float32"), [-1, h, w, c]), [0, 3, 1, 2]), 255);
}

/** float32 [N, 3, H, W] in 0..1 -> uint8 [N, H, W, 3], rounded. */
export function toBytes(x: Value): Value {
  return cast(add(mul(clip(transpose(x, [0, 2, 3, 1]), 0, 1), 255), 0.5), "uint8");
}

/**
 * Brightness and colour change, the same for all pictures of a sample.
 * x [N, 3, H, W] with N a multiple of B; noise [B, 3] uniform in 0..1 -> factors 1 ± strength.
 */
export function tint(x: Value, noise: Value, strength: number): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const b = noise.shape[0] as number;
  const factor = add(mul(sub(noise, 0.5), 2 * strength), 1);
  const spread = reshape(expand(reshape(factor, [b, 1, c]), [b, n / b, c]), [n, c, 1, 1]);
  return clip(mul(reshape(x, [n, c, h, w]), spread), 0, 1);
}

/** Average pooling down to `side` pixels. */
export function shrink(x: Value, side: number): Value {
  const factor = (x.shape[2] as number) / side;
  return factor === 1 ? x : averagePool(x, [factor, factor]);
}

const lobes = 3;

/** Taps -3..3 of the Lanczos window (Duchon 1979) about a place between pixels; they sum to 1. */
function lanczosTaps(place: number): number[] {
  const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  const taps = Array.from({ length: 2 * lobes + 1 }, (_, i) => i - lobes - place).map((x) => (Math.abs(x) < lobes ? sinc(x) * sinc(x / lobes) : 0));
  const total = taps.reduce((a, b) => a + b);
  return taps.map((tap) => tap / total);
}

/**
 * Twice as many pixels a side, [N, C, H, W] -> [N, C, 2H, 2W], borders repeated. A bilinear look-up in it keeps about what a bicubic one keeps in the
 * picture itself, with operators that every device has, and has to be made once a picture and not once a frame.
 */
export function doubled(x: Value): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const rows = [-0.25, 0.25].map(lanczosTaps); // centres of the two halves of a pixel
  const kernels = rows.flatMap((down) => rows.map((across) => down.map((a) => across.map((b) => a * b)))).flat(2);
  const side = 2 * lobes + 1;
  const wide = padEdge(reshape(x, [n * c, 1, h, w]), [[0, 0], [0, 0], [lobes, lobes], [lobes, lobes]]);
  return reshape(pixelShuffle(conv(wide, x.graph.constant(kernels, [4, 1, side, side])), 2), [n, c, 2 * h, 2 * w]);
}

/** Horizontal and vertical differences of neighbouring pixels of [N, C, H, W]. */
export function differences(x: Value): readonly [Value, Value] {
  const h = x.shape[2] as number;
  const w = x.shape[3] as number;
  return [sub(slice(x, 3, 1, w), slice(x, 3, 0, w - 1)), sub(slice(x, 2, 1, h), slice(x, 2, 0, h - 1))];
}
