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
  const sums = new Float64Array(width * 3);
  const step = 1 / side;
  const share = 1 / (side * side);
  for (let y = 0, at = 0; y < height; y++) {
    sums.fill(0);
    for (let j = 0; j < side; j++) {
      for (let i = 0; i < side; i++) addSamples(image, toSource, (i + 0.5) * step, y + (j + 0.5) * step, border, sums);
    }
    for (let k = 0; k < sums.length; k++, at++) data[at] = sums[k]! * share + 0.5;
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
  const sums = new Float64Array(width * 3);
  for (let y = 0, at = 0; y < height; y++) {
    sums.fill(0);
    addSamples(image, toSource, 0.5, y + 0.5, border, sums);
    for (let k = 0; k < sums.length; k++, at++) out[at] = sums[k]! * scale + offset;
  }
  return out;
}

/** Adds a row of bilinear samples, at (x + shift, v) for x = 0, 1, ..., to `sums` [W,C]. A row a call: a call for each pixel takes twice as long. */
function addSamples(image: Image, toSource: Affine, shift: number, v: number, border: Border, sums: Float64Array): void {
  const { data, width, height } = image;
  const [a, b, c, d, e, f] = toSource;
  const [right, bottom, stride] = [width - 1, height - 1, width * 3];
  for (let at = 0, x = 0; at < sums.length; at += 3, x++) {
    const u = x + shift;
    let sx = a * u + b * v + c - 0.5;
    let sy = d * u + e * v + f - 0.5;
    if (border === "edge") {
      sx = sx < 0 ? 0 : sx > right ? right : sx;
      sy = sy < 0 ? 0 : sy > bottom ? bottom : sy;
    } else if (!(sx > -1 && sy > -1 && sx < width && sy < height)) continue;
    const left = Math.floor(sx) | 0; // whole numbers to the compiler, so that indices are too
    const top = Math.floor(sy) | 0;
    const fx = sx - left;
    const fy = sy - top;
    if (!(left >= 0 && top >= 0 && left < right && top < bottom)) {
      addCorners(image, left, top, fx, fy, sums, at);
      continue;
    }
    const q = top * stride + left * 3;
    const r = q + stride;
    const red = data[q]! + (data[q + 3]! - data[q]!) * fx;
    const green = data[q + 1]! + (data[q + 4]! - data[q + 1]!) * fx;
    const blue = data[q + 2]! + (data[q + 5]! - data[q + 2]!) * fx;
    sums[at] = sums[at]! + red + (data[r]! + (data[r + 3]! - data[r]!) * fx - red) * fy;
    sums[at + 1] = sums[at + 1]! + green + (data[r + 1]! + (data[r + 4]! - data[r + 1]!) * fx - green) * fy;
    sums[at + 2] = sums[at + 2]! + blue + (data[r + 2]! + (data[r + 5]! - data[r + 2]!) * fx - blue) * fy;
  }
}

/** The sample at a picture's edge: of its four pixels those that exist. */
function addCorners({ data, width, height }: Image, left: number, top: number, fx: number, fy: number, sums: Float64Array, at: number): void {
  for (let corner = 0; corner < 4; corner++) {
    const cx = left + (corner & 1);
    const cy = top + (corner >> 1);
    const weight = ((corner & 1) === 1 ? fx : 1 - fx) * ((corner >> 1) === 1 ? fy : 1 - fy);
    if (weight === 0 || cx < 0 || cy < 0 || cx >= width || cy >= height) continue;
    const q = (cy * width + cx) * 3;
    for (let k = 0; k < 3; k++) sums[at + k] = sums[at + k]! + data[q + k]! * weight;
  }
}
