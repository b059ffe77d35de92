/** Canny's edges (1986) as scikit-image's feature.canny finds them with its default thresholds on numbers 0..255, which CPBD builds upon. */
import { gaussianKernel, type Plane } from "./plane.js";

/** scikit-image's defaults, meant for 0..1: on 0..255 nearly every ridge of the gradient is an edge. */
const [low, high] = [0.1, 0.2];
const radius = 4;
const kernel = gaussianKernel(1, radius);

/** 1 where an edge is, [H,W]. */
export function cannyEdges(plane: Plane): Uint8Array {
  const { width, height } = plane;
  const smooth = smoothed(plane);
  const [down, along] = sobelGradients({ data: smooth, width, height });
  const strength = new Float64Array(down.length);
  for (let i = 0; i < strength.length; i++) strength[i] = Math.sqrt(down[i]! * down[i]! + along[i]! * along[i]!);
  const ridge = new Uint8Array(strength.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      if (strength[at]! >= low && isRidge(strength, down[at]!, along[at]!, at, width)) ridge[at] = 1;
    }
  }
  return connected(ridge, strength, width);
}

/** Gaussian of sigma 1; zeros beyond the borders, made up for by the share of the window that lies inside. */
function smoothed({ data, width, height }: Plane): Float64Array {
  const out = filtered(filtered(data, width, 1), height, width);
  const inside = (size: number): Float64Array => filtered(new Float64Array(size).fill(1), size, 1);
  const [across, downwards] = [inside(width), inside(height)];
  for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++, at++) out[at]! /= across[x]! * downwards[y]! + Number.EPSILON;
  return out;
}

/** Along one axis of `size` places, `stride` apart; zeros beyond its ends. */
function filtered(data: Float64Array, size: number, stride: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let begin = 0; begin < data.length; begin += size * stride) {
    for (let place = 0; place < size; place++) {
      const [first, last] = [Math.max(-radius, -place), Math.min(radius, size - 1 - place)];
      for (let i = begin + place * stride; i < begin + (place + 1) * stride; i++) {
        let sum = 0;
        for (let k = first, from = i + first * stride; k <= last; k++, from += stride) sum += kernel[k + radius]! * data[from]!;
        out[i] = sum;
      }
    }
  }
  return out;
}

/** Sobel's gradients down and along the rows, sums of 4 differences, borders mirrored. */
export function sobelGradients({ data, width, height }: Plane): readonly [down: Float64Array, along: Float64Array] {
  const [down, along] = [new Float64Array(data.length), new Float64Array(data.length)];
  for (let y = 0; y < height; y++) {
    const [above, row, below] = [Math.max(0, y - 1), y, Math.min(height - 1, y + 1)].map((r) => r * width) as [number, number, number];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      down[row + x] = data[below + left]! - data[above + left]! + 2 * (data[below + x]! - data[above + x]!) + data[below + right]! - data[above + right]!;
      along[row + x] = data[above + right]! - data[above + left]! + 2 * (data[row + right]! - data[row + left]!) + data[below + right]! - data[below + left]!;
    }
  }
  return [down, along];
}

/** Whether no point is stronger on either side along the gradient, interpolated between the two neighbours that it points between. */
function isRidge(strength: Float64Array, down: number, along: number, at: number, width: number): boolean {
  const [d, a] = [Math.abs(down), Math.abs(along)];
  const isSteep = d >= a;
  // Where one part is zero, or both are equal, all choices come to the same.
  const diagonal = down * along >= 0 ? width + 1 : -width + 1;
  const straight = isSteep ? diagonal - 1 : 1;
  const share = isSteep ? a / d : d / a;
  const [after, before] = [
    strength[at + diagonal]! * share + strength[at + straight]! * (1 - share),
    strength[at - diagonal]! * share + strength[at - straight]! * (1 - share),
  ];
  return after <= strength[at]! && before <= strength[at]!;
}

/** Ridges that reach `high` somewhere, by eight neighbours. */
function connected(ridge: Uint8Array, strength: Float64Array, width: number): Uint8Array {
  const edges = new Uint8Array(ridge.length);
  const neighbours = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
  const open: number[] = [];
  for (let at = 0; at < ridge.length; at++) {
    if (ridge[at] === 0 || strength[at]! < high || edges[at] === 1) continue;
    edges[at] = 1;
    open.push(at);
    for (let from = open.pop(); from !== undefined; from = open.pop()) {
      for (const step of neighbours) {
        const to = from + step;
        if (ridge[to] !== 1 || edges[to] !== 0) continue;
        edges[to] = 1;
        open.push(to);
      }
    }
  }
  return edges;
}
