/** Pictures as numbers, a channel at a time. */
import type { Image } from "../media/image.js";

/** One channel, [H,W]. */
export interface Plane {
  readonly data: Float64Array;
  readonly width: number;
  readonly height: number;
}

/** `channel` 0 red, 1 green, 2 blue; 0..255. */
export function planeOf({ data, width, height }: Image, channel: number): Plane {
  const out = new Float64Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = data[3 * i + channel]!;
  return { data: out, width, height };
}

/** Grey as Pillow's "L": ITU-R 601 in 16-bit fixed point, whole numbers 0..255. */
export function greyPlane({ data, width, height }: Image): Plane {
  const out = new Float64Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = (data[3 * i]! * 19595 + data[3 * i + 1]! * 38470 + data[3 * i + 2]! * 7471 + 32768) >> 16;
  return { data: out, width, height };
}

/** Zeros around a plane: columns on both sides, rows above and below. */
export function paddedPlane({ data, width, height }: Plane, columns: number, rows: number): Plane {
  const wide = width + 2 * columns;
  const out = new Float64Array(wide * (height + 2 * rows));
  for (let y = 0; y < height; y++) out.set(data.subarray(y * width, (y + 1) * width), (y + rows) * wide + columns);
  return { data: out, width: wide, height: height + 2 * rows };
}

/** Weights [2 radius + 1] of a Gaussian, sum 1. */
export function gaussianKernel(sigma: number, radius: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
