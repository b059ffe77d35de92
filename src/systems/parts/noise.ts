/** Hands out columns of a uniform noise input [B, N], so that randomness enters a graph as data and a step can be repeated. */
import { TalkfaceError } from "../../base/errors.js";
import { div } from "../../graph/ops/arithmetic.js";
import { cast, greater } from "../../graph/ops/compare.js";
import { reshape, slice } from "../../graph/ops/layout.js";
import type { Value } from "../../graph/value.js";

export class Noise {
  readonly #values: Value;
  #used = 0;

  constructor(values: Value) {
    this.#values = values;
  }

  /** The next `n` columns: [B, n] in 0..1. */
  take(n: number): Value {
    const start = this.#used;
    this.#used += n;
    if (this.#used > (this.#values.shape[1] as number)) throw new TalkfaceError("internal", `internal: ${this.#used} noise columns asked for, ${String(this.#values.shape[1])} given`);
    return slice(this.#values, 1, start, start + n);
  }

  /** A dropout factor per sample and channel: 0 with probability p, else 1/(1-p): [B, n, 1]. */
  dropout(n: number, p: number): Value {
    const kept = cast(greater(this.take(n), p), "float32");
    return reshape(div(kept, 1 - p), [-1, n, 1]);
  }
}
