/** A face, or a part of it, in a crop: a widened hull of points with a soft edge. By default how much of a generated crop is pasted: the face with some skin around it. */
import { boxBlur } from "./box-blur.js";

/** The hull of the points is widened by this factor, about its middle: they end at brows and jaw, the face does not. */
const faceWidening = 1.18;
/** Softness of the edge and width of the fade towards the crop's border, as shares of its side. */
const softness = 0.05;
const borderFade = 0.06;

/** Masks of one crop size, made again for every frame in the same memory. */
export class PasteMask {
  readonly size: number;
  /** [size, size], 0 to 1. */
  readonly values: Float32Array;
  readonly #scratch: Float32Array;
  readonly #border: Float32Array;
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  readonly #widening: number;

  /** `isWhole`: as far as the crop reaches, without a fade towards its border. */
  constructor(size: number, { widening = faceWidening, isWhole = false }: { readonly widening?: number; readonly isWhole?: boolean } = {}) {
    this.size = size;
    this.#widening = widening;
    this.values = new Float32Array(size * size);
    this.#scratch = new Float32Array(size * size);
    this.#left = new Float32Array(size);
    this.#right = new Float32Array(size);
    const fade = Math.max(1, borderFade * size);
    const ramp = Float32Array.from({ length: size }, (_, i) => smoothStep((Math.min(i, size - 1 - i) + 0.5) / fade - 0.5));
    this.#border = Float32Array.from({ length: size * size }, (_, i) => (isWhole ? 1 : ramp[i % size]! * ramp[Math.floor(i / size)]!));
  }

  /** Fills `values` for a face that must cover both sets of points [L, 2] (crop pixels): where it was and where it is. */
  draw(pointSets: readonly Float32Array[]): void {
    this.values.fill(0);
    for (const points of pointSets) this.#fillHull(points);
    const radius = Math.max(1, Math.round((softness * this.size) / 2));
    // Three passes of a box are nearly a Gaussian.
    for (let pass = 0; pass < 3; pass++) boxBlur(this.values, this.size, radius, this.#scratch);
    for (let i = 0; i < this.values.length; i++) this.values[i] = this.values[i]! * this.#border[i]!;
  }

  /** Sets to one what lies inside the widened convex hull: for every row the outermost edges. */
  #fillHull(points: Float32Array): void {
    const { size, values } = this;
    const left = this.#left.fill(Infinity);
    const right = this.#right.fill(-Infinity);
    const hull = convexHull(points);
    let [cx, cy] = [0, 0];
    for (const [x, y] of hull) {
      cx += x / hull.length;
      cy += y / hull.length;
    }
    const wide = hull.map(([x, y]): [number, number] => [cx + (x - cx) * this.#widening, cy + (y - cy) * this.#widening]);
    wide.forEach(([x0, y0], i) => {
      const [x1, y1] = wide[(i + 1) % wide.length]!;
      const top = Math.max(0, Math.ceil(Math.min(y0, y1) - 0.5));
      const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y1) - 0.5));
      for (let row = top; row <= bottom; row++) {
        const x = y1 === y0 ? x0 : x0 + ((x1 - x0) * (row + 0.5 - y0)) / (y1 - y0);
        left[row] = Math.min(left[row]!, x);
        right[row] = Math.max(right[row]!, x);
      }
    });
    for (let row = 0; row < size; row++) {
      const from = Math.max(0, Math.ceil(left[row]! - 0.5));
      const to = Math.min(size - 1, Math.floor(right[row]! - 0.5));
      if (from <= to) values.fill(1, row * size + from, row * size + to + 1);
    }
  }
}

/** Corners of the convex hull of points [L, 2], in order (Andrew 1979). */
export function convexHull(points: Float32Array): [x: number, y: number][] {
  const sorted = Array.from({ length: points.length / 2 }, (_, i): [number, number] => [points[2 * i]!, points[2 * i + 1]!]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (order: readonly [number, number][]): [number, number][] => {
    const chain: [number, number][] = [];
    for (const p of order) {
      while (chain.length >= 2) {
        const [a, b] = [chain[chain.length - 2]!, chain[chain.length - 1]!];
        if ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0) break;
        chain.pop();
      }
      chain.push(p);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half([...sorted].reverse())];
}

function smoothStep(x: number): number {
  const t = Math.min(1, Math.max(0, x));
  return t * t * (3 - 2 * t);
}
