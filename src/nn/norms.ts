/** Normalising layers. Those with state measure it in training and use it elsewhere (state.ts). */
import { add, div, maximum, mul, square, sub } from "../graph/ops/arithmetic.js";
import { stopGradient } from "../graph/ops/flow.js";
import { reshape } from "../graph/ops/layout.js";
import { matmul } from "../graph/ops/matmul.js";
import { batchNormalization, instanceNormalization, layerNormalization, overChannels } from "../graph/ops/normalization.js";
import { l2Norm, mean, sum } from "../graph/ops/reduce.js";
import { show, sizeOf } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import type { Init, Params } from "./params.js";

const zeros: Init = { kind: "constant", value: 0 };
const ones: Init = { kind: "constant", value: 1 };

/**
 * Batch normalisation of x [N, C, ...] (Ioffe & Szegedy 2015). Training uses the statistics of the batch and moves the running
 * ones by `momentum` (0.1, the variance unbiased, as in PyTorch); otherwise the running ones are used.
 */
export function batchNorm(p: Params, name: string, x: Value, { momentum = 0.1, epsilon = 1e-5 }: { readonly momentum?: number; readonly epsilon?: number } = {}): Value {
  return p.scope(name, (q) => {
    const channels = channelsOf("batchNorm", x);
    const weight = q.get("weight", [channels], ones);
    const bias = q.get("bias", [channels], zeros);
    const average = q.state("mean", [channels], zeros);
    const variance = q.state("variance", [channels], ones);
    if (q.mode !== "training") return batchNormalization(x, weight, bias, average.value, variance.value, epsilon);

    const n = sizeOf(x.shape) / channels;
    if (n < 2) x.graph.fail("batchNorm", `${show(x.shape)} holds one number for each channel, which has no variance. Use a larger batch.`);
    const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
    const own = mean(x, { axes });
    const spread = mean(square(sub(x, overChannels(own, x))), { axes });
    const moved = (running: Value, measured: Value): Value => stopGradient(add(mul(running, 1 - momentum), mul(measured, momentum)));
    average.advance(moved(average.value, own));
    variance.advance(moved(variance.value, mul(spread, n / (n - 1))));
    return batchNormalization(x, weight, bias, own, spread, epsilon);
  });
}

/** Instance normalisation of x [N, C, ...] with a learned scale and bias for each channel (Ulyanov et al. 2016). */
export function instanceNorm(p: Params, name: string, x: Value): Value {
  const channels = channelsOf("instanceNorm", x);
  return p.scope(name, (q) => instanceNormalization(x, q.get("weight", [channels], ones), q.get("bias", [channels], zeros)));
}

/** Normalisation of the rows of x [..., D] with a learned scale and bias for each column (Ba et al. 2016). */
export function layerNorm(p: Params, name: string, x: Value): Value {
  const width = x.shape.at(-1) ?? x.graph.fail("layerNorm", "a scalar has no rows.");
  return p.scope(name, (q) => layerNormalization(x, q.get("weight", [width], ones), q.get("bias", [width], zeros)));
}

/** Normalisation of groups of channels of x [N, C, ...], then a scale and bias for each channel (Wu & He 2018). */
export function groupNorm(p: Params, name: string, x: Value, { groups }: { readonly groups: number }): Value {
  const channels = channelsOf("groupNorm", x);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) x.graph.fail("groupNorm", `${channels} channels of ${show(x.shape)} do not divide into ${groups} groups.`);
  return p.scope(name, (q) => {
    // a group as one map; ONNX has no GroupNormalization at this opset
    const unit = reshape(instanceNormalization(reshape(x, [x.shape[0]!, groups, -1])), x.shape);
    return add(mul(unit, overChannels(q.get("weight", [channels], ones), x)), overChannels(q.get("bias", [channels], zeros), x));
  });
}

/**
 * A weight [M, ...] divided by its largest singular value (Miyato et al. 2018, algorithm 1), which one step of power iteration
 * from the state `u` [M] estimates; outside training `u` stays. The gradient takes the singular vectors as constant.
 */
export function spectralWeight(p: Params, weight: Value): Value {
  const rows = weight.shape[0]!;
  const matrix = reshape(weight, [rows, -1]);
  const still = stopGradient(matrix);
  const state = p.state("u", [rows], { kind: "normal", deviation: 1 / Math.sqrt(rows) });
  const unit = (v: Value): Value => div(v, maximum(l2Norm(v), 1e-12));
  const before = reshape(state.value, [1, rows]);
  const v = reshape(unit(matmul(before, still)), [-1, 1]);
  const u = p.mode === "training" ? reshape(unit(matmul(still, v)), [1, rows]) : before;
  state.advance(stopGradient(reshape(u, [rows])));
  return div(weight, sum(matmul(matmul(stopGradient(u), matrix), stopGradient(v))));
}

function channelsOf(layer: string, x: Value): number {
  return x.shape[1] ?? x.graph.fail(layer, `input ${show(x.shape)}, expected [N,C,…].`);
}
