/**
 * Affine maps and warps. Coordinates are continuous pixels: pixel i covers [i, i+1) and its centre is i + 0.5.
 */
import { TalkfaceError } from "../base/errors.js";
import type { Image } from "./image.js";

/** [a, b, c, d, e, f]: x' = a x + b y + c, y' = d x + e y + f. */
export type Affine = readonly [number, number, number, number, number, number];

/** What lies outside the source: its nearest edge pixel, or black. */
export type Border = "edge" | "black";

export const identityAffine: Affine = [1, 0, 0, 0, 1, 0];

export function applyAffine(map: Affine, x: number, y: number): [number, number] {
  return [map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]];
}

/** The map that applies `inner` first and `outer` after it. */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [p, q, r, s, t, u] = inner;
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

/** Throws `internal` for a map without an inverse: callers never build one from valid points. */
export function invertAffine(map: Affine): Affine {
  const [a, b, c, d, e, f] = map;
  const determinant = a * e - b * d;
  if (!Number.isFinite(determinant) || Math.abs(determinant) < 1e-12) {
    throw new TalkfaceError("internal", `affine map [${map.join(", ")}] has no inverse.`);
  }
  const i = 1 / determinant;
  return [e * i, -b * i, (b * f - e * c) * i, -d * i, a * i, (d * c - a * f) * i];
}

/** Scale of a map: the square root of its area factor. */
export function affineScale(map: Affine): number {
  return Math.sqrt(Math.abs(map[0] * map[4] - map[1] * map[3]));
}

/**
 * The similarity (rotation, uniform scale, translation; no mirror) that takes `from` to `to` with the least weighted squared error.
 * `from`, `to`: [N,2] flat; `weights`: [N], all 1 by default. Umeyama 1991 in two dimensions, where it is linear.
 */
export function similarityFit(from: ArrayLike<number>, to: ArrayLike<number>, weights?: ArrayLike<number>): Affine {
  const count = from.length >> 1;
  if (from.length !== to.length || from.length % 2 !== 0 || count < 2) {
    throw new TalkfaceError("internal", `similarityFit: ${from.length} and ${to.length} numbers, expected two equal lists of at least two points.`);
  }
  let total = 0;
  let [fx, fy, tx, ty] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const w = weights?.[i] ?? 1;
    total += w;
    fx += w * from[2 * i]!;
    fy += w * from[2 * i + 1]!;
    tx += w * to[2 * i]!;
    ty += w * to[2 * i + 1]!;
  }
  [fx, fy, tx, ty] = [fx / total, fy / total, tx / total, ty / total];
  let [cosine, sine, spread] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const w = weights?.[i] ?? 1;
    const x = from[2 * i]! - fx;
    const y = from[2 * i + 1]! - fy;
    const u = to[2 * i]! - tx;
    const v = to[2 * i + 1]! - ty;
    cosine += w * (x * u + y * v);
    sine += w * (x * v - y * u);
    spread += w * (x * x + y * y);
  }
  if (!(spread > 0)) throw new TalkfaceError("internal", "similarityFit: all source points coincide.");
  const a = cosine / spread;
  const b = sine / spread;
  return [a, -b, tx - a * fx + b * fy, b, a, ty - b * fx - a * fy];
}

/**
 * Draws `width` x `height` pixels; `toSource` takes a place in the result to a place in `image`. Bilinear; where the map shrinks the
 * picture each result pixel averages a grid of samples, so that fine detail does not alias.
 */
export function warpImage(image: Image, toSource: Affine, width: number, height: number, border: Border): Image {
  const side = Math.min(8, Math.max(1, Math.ceil(affineScale(toSource) - 0.25)));
  const data = new Uint8Array(width * height * 3);
  const pixel = new Float64Array(3);
  const step = 1 / side;
  const share = 1 / (side * side);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      pixel.fill(0);
      for (let j = 0; j < side; j++) {
        for (let i = 0; i < side; i++) {
          const u = x + (i + 0.5) * step;
          const v = y + (j + 0.5) * step;
          addSample(image, toSource[0] * u + toSource[1] * v + toSource[2], toSource[3] * u + toSource[4] * v + toSource[5], border, pixel);
        }
      }
      data[at] = pixel[0]! * share + 0.5;
      data[at + 1] = pixel[1]! * share + 0.5;
      data[at + 2] = pixel[2]! * share + 0.5;
    }
  }
  return { data, width, height };
}

export interface FloatWarp {
  /** Result = value (0..255) * scale + offset. */
  readonly scale: number;
  readonly offset: number;
  readonly border: Border;
  /** [H,W,C] to write into; a new array by default. */
  readonly out?: Float32Array;
}

/** As `warpImage` with one bilinear sample a pixel and no rounding: network input [H,W,C]. */
export function warpToFloat(image: Image, toSource: Affine, width: number, height: number, options: FloatWarp): Float32Array {
  const { scale, offset, border } = options;
  const out = options.out ?? new Float32Array(width * height * 3);
  if (out.length !== width * height * 3) {
    throw new TalkfaceError("internal", `warpToFloat: out has ${out.length} numbers, expected ${width * height * 3}.`);
  }
  const pixel = new Float64Array(3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const u = x + 0.5;
      const v = y + 0.5;
      pixel.fill(0);
      addSample(image, toSource[0] * u + toSource[1] * v + toSource[2], toSource[3] * u + toSource[4] * v + toSource[5], border, pixel);
      out[at] = pixel[0]! * scale + offset;
      out[at + 1] = pixel[1]! * scale + offset;
      out[at + 2] = pixel[2]! * scale + offset;
    }
  }
  return out;
}

/** Adds the bilinear sample at the place (x, y) to `sum` [C]. */
function addSample(image: Image, x: number, y: number, border: Border, sum: Float64Array): void {
  const { data, width, height } = image;
  let sx = x - 0.5;
  let sy = y - 0.5;
  if (border === "edge") {
    sx = sx < 0 ? 0 : sx > width - 1 ? width - 1 : sx;
    sy = sy < 0 ? 0 : sy > height - 1 ? height - 1 : sy;
  } else if (!(sx > -1 && sy > -1 && sx < width && sy < height)) return;
  const left = Math.floor(sx);
  const top = Math.floor(sy);
  const fx = sx - left;
  const fy = sy - top;
  if (left >= 0 && top >= 0 && left < width - 1 && top < height - 1) {
    const q = (top * width + left) * 3;
    const below = q + width * 3;
    for (let k = 0; k < 3; k++) {
      const upper = data[q + k]! + (data[q + k + 3]! - data[q + k]!) * fx;
      const lower = data[below + k]! + (data[below + k + 3]! - data[below + k]!) * fx;
      sum[k] = sum[k]! + upper + (lower - upper) * fy;
    }
    return;
  }
  for (let corner = 0; corner < 4; corner++) {
    const cx = left + (corner & 1);
    const cy = top + (corner >> 1);
    const weight = ((corner & 1) === 1 ? fx : 1 - fx) * ((corner >> 1) === 1 ? fy : 1 - fy);
    if (weight === 0 || cx < 0 || cy < 0 || cx >= width || cy >= height) continue;
    const q = (cy * width + cx) * 3;
    for (let k = 0; k < 3; k++) sum[k] = sum[k]! + data[q + k]! * weight;
  }
}
