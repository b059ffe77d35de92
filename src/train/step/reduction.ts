/** Gradients, measurements of layers and figures become their means over all ranks: packed into one vector, for one message is cheaper than many. */
import type { Ranks } from "../../runtime/ranks.js";

export class Reduction {
  readonly #ranks: Ranks;
  #packed = new Float32Array(0);

  constructor(ranks: Ranks) {
    this.#ranks = ranks;
  }

  /** Replaces vectors and figures by their means over the ranks. */
  apply(vectors: readonly Float32Array[], figures: Record<string, number>): void {
    if (this.#ranks.size === 1) return;
    const names = Object.keys(figures);
    const length = vectors.reduce((sum, vector) => sum + vector.length, names.length);
    if (this.#packed.length !== length) this.#packed = new Float32Array(length);
    const packed = this.#packed;
    let offset = 0;
    for (const vector of vectors) {
      packed.set(vector, offset);
      offset += vector.length;
    }
    names.forEach((name, i) => (packed[offset + i] = figures[name] as number));
    this.#ranks.allReduceMean(packed);
    names.forEach((name, i) => (figures[name] = packed[offset + i] as number));
    offset = 0;
    for (const vector of vectors) {
      vector.set(packed.subarray(offset, offset + vector.length));
      offset += vector.length;
    }
  }
}
