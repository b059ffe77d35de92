/** Slow differences of colour between a generated crop and the picture around it, so that no edge shows where it is pasted. */
import type { Image } from "../media/image.js";
import { boxBlur } from "./box-blur.js";

/** Only pixels of the mask's edge are compared: further inside face differs from face, further outside nothing is pasted. */
const edge = [0.05, 0.7] as const;
/** Larger differences are not light but content, such as hair that moved. */
const largestDifference = 24;
/** Cells along a side of the field, and how far one cell tells about others. */
const cells = 32;
const reach = 5;
/** Share of the last field that is kept: the light of a still picture does not flicker. */
const inertia = 0.9;

export class ColourMatch {
  readonly #original: Image;
  readonly #fields: readonly Float32Array[];
  readonly #sums: readonly Float32Array[];
  readonly #weights = new Float32Array(cells * cells);
  readonly #scratch = new Float32Array(cells * cells);
  #isFirst = true;

  /** `original`: the crop of the picture into which the frames are pasted, [size, size]. */
  constructor(original: Image) {
    this.#original = original;
    this.#fields = [0, 1, 2].map(() => new Float32Array(cells * cells));
    this.#sums = [0, 1, 2].map(() => new Float32Array(cells * cells));
  }

  /** Measures the next frame [size, size] where `mask` [size, size] has its edge. */
  update(frame: Image, mask: Float32Array): void {
    const { width: size, data: original } = this.#original;
    this.#weights.fill(0);
    for (const sum of this.#sums) sum.fill(0);
    for (let y = 0, i = 0; y < size; y++) {
      const row = Math.floor((y * cells) / size) * cells;
      for (let x = 0; x < size; x++, i++) {
        const share = mask[i]!;
        if (share < edge[0] || share > edge[1]) continue;
        const cell = row + Math.floor((x * cells) / size);
        this.#weights[cell] = this.#weights[cell]! + 1;
        for (let c = 0; c < 3; c++) {
          const difference = original[3 * i + c]! - frame.data[3 * i + c]!;
          this.#sums[c]![cell] = this.#sums[c]![cell]! + Math.max(-largestDifference, Math.min(largestDifference, difference));
        }
      }
    }
    // Blurred sums over blurred counts: a mean of what is known nearby.
    for (let pass = 0; pass < 3; pass++) {
      boxBlur(this.#weights, cells, reach, this.#scratch);
      for (const sum of this.#sums) boxBlur(sum, cells, reach, this.#scratch);
    }
    const kept = this.#isFirst ? 0 : inertia;
    this.#isFirst = false;
    this.#sums.forEach((sum, c) => {
      const field = this.#fields[c]!;
      for (let i = 0; i < field.length; i++) {
        const now = this.#weights[i]! > 1e-6 ? sum[i]! / this.#weights[i]! : 0;
        field[i] = kept * field[i]! + (1 - kept) * now;
      }
    });
  }

  /** What is to be added to channel `c` at a place of the crop, in shares of its side (0..1). */
  at(c: number, u: number, v: number): number {
    const field = this.#fields[c]!;
    const x = Math.min(cells - 1, Math.max(0, u * cells - 0.5));
    const y = Math.min(cells - 1, Math.max(0, v * cells - 0.5));
    const left = Math.min(cells - 2, Math.floor(x));
    const top = Math.min(cells - 2, Math.floor(y));
    const i = top * cells + left;
    const upper = field[i]! + (field[i + 1]! - field[i]!) * (x - left);
    const lower = field[i + cells]! + (field[i + cells + 1]! - field[i + cells]!) * (x - left);
    return upper + (lower - upper) * (y - top);
  }
}
