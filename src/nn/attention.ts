/** Attention: of sequences (Vaswani et al. 2017) and between the places of a map (Zhang et al. 2019). */
import { add, div, mul } from "../graph/ops/arithmetic.js";
import { reshape, transpose } from "../graph/ops/layout.js";
import { matmul, swapLast } from "../graph/ops/matmul.js";
import { softmax } from "../graph/ops/reduce.js";
import { show } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { convLayer, linear } from "./layers.js";
import type { Params } from "./params.js";

/**
 * softmax(q·kᵀ/√D)·v: queries [..., T, D], keys [..., S, D], values [..., S, E] -> [..., T, E]. `mask` (broadcast to [..., T, S]) is
 * added to the scores before the softmax: large negative numbers take pairs out.
 */
export function scaledDotProduct(q: Value, k: Value, v: Value, mask?: Value): Value {
  const scores = matmul(div(q, Math.sqrt(q.shape.at(-1)!)), swapLast(k));
  return matmul(softmax(mask === undefined ? scores : add(scores, mask), -1), v);
}

export interface MultiHeadOptions {
  /** Divides D. */
  readonly heads: number;
  /** What is attended to [B, S, E]; x itself where absent. */
  readonly memory?: Value;
  /** Added to the scores; broadcasts to [B, heads, T, S]. */
  readonly mask?: Value;
}

/** Multi-head attention: x [B, T, D] -> [B, T, D]. */
export function multiHead(p: Params, name: string, x: Value, { heads, memory = x, mask }: MultiHeadOptions): Value {
  const [count = 0, , width = 0] = x.shape;
  if (x.shape.length !== 3 || memory.shape.length !== 3 || memory.shape[0] !== count) x.graph.fail("multiHead", `input ${show(x.shape)} and memory ${show(memory.shape)}, expected [B,T,D] and [B,S,E].`);
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) x.graph.fail("multiHead", `rows of ${width} elements do not divide into ${heads} heads.`);
  return p.scope(name, (q) => {
    const each = (part: string, from: Value): Value => {
      const all = linear(q, part, from, { out: width, gain: 1 / Math.SQRT2 });
      return transpose(reshape(all, [count, from.shape[1]!, heads, width / heads]), [0, 2, 1, 3]); // [B, heads, T, D/heads]
    };
    const seen = scaledDotProduct(each("query", x), each("key", memory), each("value", memory), mask);
    return linear(q, "out", reshape(transpose(seen, [0, 2, 1, 3]), x.shape), { out: width, gain: 1 / Math.SQRT2 });
  });
}

/**
 * Self-attention between the places of a map: x [N, C, H, W] -> x + gamma·o of the same shape, gamma learned from 0. Queries and keys
 * have C/8 channels (at least one).
 */
export function selfAttention(p: Params, name: string, x: Value, { spectral = false }: { readonly spectral?: boolean } = {}): Value {
  if (x.shape.length !== 4) x.graph.fail("selfAttention", `input ${show(x.shape)}, expected [N,C,H,W].`);
  const [count = 0, channels = 0, height = 0, width = 0] = x.shape;
  const inner = Math.max(1, Math.floor(channels / 8));
  return p.scope(name, (q) => {
    /** [N, H·W, out]. */
    const places = (part: string, out: number): Value => swapLast(reshape(convLayer(q, part, x, { out, kernel: 1, gain: 1 / Math.SQRT2, spectral }), [count, out, height * width]));
    const [query, key, value] = [places("query", inner), places("key", inner), places("value", channels)] as const;
    const weights = softmax(matmul(query, swapLast(key)), -1); // not scaled, as published
    const seen = reshape(swapLast(matmul(weights, value)), x.shape);
    return add(x, mul(seen, q.get("gamma", [], { kind: "constant", value: 0 })));
  });
}
