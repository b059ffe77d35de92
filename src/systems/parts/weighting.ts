/**
 * Adaptive cross-modal weighting (ACW; Zeng et al. 2022). Every modality's map is weighted per channel (by what all modalities say
 * together) and per place (by a spatial gate), the weights of all modalities sum to one, and the sum is joined by a mixing layer.
 * The paper gives the idea, not the layers; the layers are ours.
 */
import { leakyRelu } from "../../graph/ops/activation.js";
import { add, mul, square, sub } from "../../graph/ops/arithmetic.js";
import { concat, expand, reshape, slice } from "../../graph/ops/layout.js";
import { mean, softmax, sum } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";
import { convLayer, linear, slope } from "../../nn/layers.js";
import type { Params } from "../../nn/params.js";

/** Of all weight, this much is dealt out evenly. */
const keptShare = 0.2;

/** Maps of m modalities, each [N, C, H, W] -> fused [N, C, H, W] and the weights [N, m, C, H, W], which sum to 1 over m. */
export function adaptiveWeighting(p: Params, name: string, maps: readonly Value[]): { readonly fused: Value; readonly weights: Value } {
  return p.scope(name, (q) => {
    const m = maps.length;
    const [n, c, h, w] = (maps[0] as Value).shape as [number, number, number, number];
    const all = concat(maps, 1); // [N, mC, H, W]
    const summary = mean(all, { axes: [2, 3], keepDims: false }); // [N, mC]
    const hidden = leakyRelu(linear(q, "squeeze", summary, { out: Math.max(8, c / 2) }), slope);
    const channel = reshape(linear(q, "channel", hidden, { out: m * c, gain: 0.1 }), [n, m, c, 1, 1]);
    const place = reshape(convLayer(q, "place", all, { out: m, kernel: 3, gain: 0.1 }), [n, m, 1, h, w]);
    // Every modality keeps a share: one that is switched off would get no gradient to come back by.
    const weights = add(mul(softmax(add(channel, place), 1), 1 - keptShare), keptShare / m); // [N, m, C, H, W]
    const weighted = mul(reshape(all, [n, m, c, h, w]), weights);
    const total = sum(weighted, { axes: [1], keepDims: false });
    const mixed = convLayer(q, "mix", reshape(weighted, [n, m * c, h, w]), { out: c, kernel: 1 });
    return { fused: leakyRelu(add(mul(total, m), mixed), slope), weights };
  });
}

/** What adaptive weighting is measured against: maps side by side and one mixing layer; every modality counts the same. */
export function concatenation(p: Params, name: string, maps: readonly Value[]): { readonly fused: Value; readonly weights: Value } {
  return p.scope(name, (q) => {
    const m = maps.length;
    const [n, c, h, w] = (maps[0] as Value).shape as [number, number, number, number];
    const fused = leakyRelu(convLayer(q, "mix", concat(maps, 1), { out: c, kernel: 1 }), slope);
    return { fused, weights: expand(q.graph.constant([1 / m], [1, 1, 1, 1, 1]), [n, m, c, h, w]) };
  });
}

/** Attention over K views that does not depend on their order: scores [N, K] and features [N, K, ...] -> their weighted sum [N, ...]. */
export function poolViews(scores: Value, mask: Value, features: Value): Value {
  const k = scores.shape[1] as number;
  const weights = softmax(add(scores, mul(add(mask, -1), 1e4)), 1);
  const ones = features.shape.slice(2).map(() => 1);
  return sum(mul(features, reshape(weights, [-1, k, ...ones])), { axes: [1], keepDims: false });
}

/** How far the modalities' mean weights of a batch are from even: 0 where even. Single frames, channels and places stay free. */
export function imbalance(weights: Value): Value {
  const m = weights.shape[1] as number;
  return sum(square(sub(mean(weights, { axes: [0, 2, 3, 4], keepDims: false }), 1 / m)));
}

/** Mean weight of each modality [m] of weights [N, m, C, H, W], for the journal and for export. */
export function modalityShares(weights: Value): readonly Value[] {
  const shares = mean(weights, { axes: [0, 2, 3, 4], keepDims: false });
  return Array.from({ length: weights.shape[1] as number }, (_, i) => reshape(slice(shares, 0, i, i + 1), []));
}
