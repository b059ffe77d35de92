/** Layers: each asks `Params` for its weights under its own name. */
import { leakyRelu } from "../graph/ops/activation.js";
import { add } from "../graph/ops/arithmetic.js";
import { conv, convTranspose } from "../graph/ops/conv.js";
import { gather } from "../graph/ops/gather.js";
import { matmul } from "../graph/ops/matmul.js";
import type { Value } from "../graph/value.js";
import { spectralWeight } from "./norms.js";
import { count, type Init, type Params } from "./params.js";

/** Slope of the leaky rectifier used throughout (He et al. 2015 give the matching gain). */
export const slope = 0.2;

export interface ConvOptions {
  readonly out: number;
  /** Kernel side, or one per spatial axis. */
  readonly kernel: number | readonly number[];
  /** One number, or one per spatial axis (default 1). */
  readonly stride?: number | readonly number[];
  /** Zero padding on every side, one number or one per spatial axis; default keeps the size at stride 1. */
  readonly pad?: number | readonly number[];
  readonly dilation?: number;
  /** Multiplies the initial deviation; 0 starts the layer at its bias. */
  readonly gain?: number;
  readonly bias?: number;
  /** Divides the weight by its largest singular value (norms.ts). */
  readonly spectral?: boolean;
}

/** Convolution over the axes after [B, C]: x [B, C, ...] -> [B, out, ...]. */
export function convLayer(p: Params, name: string, x: Value, options: ConvOptions): Value {
  const kernel = kernelOf(x, options);
  const dilation = options.dilation ?? 1;
  const channels = x.shape[1] as number;
  return p.scope(name, (q) => {
    const own = q.get("weight", [options.out, channels, ...kernel], he(channels * count(kernel), options.gain ?? 1));
    const weight = options.spectral === true ? spectralWeight(q, own) : own;
    const bias = q.get("bias", [options.out], { kind: "constant", value: options.bias ?? 0 });
    return conv(x, weight, { stride: options.stride ?? 1, pad: options.pad ?? kernel.map((k) => Math.floor(((k - 1) * dilation) / 2)), dilation }, bias);
  });
}

export interface ConvTransposeOptions extends Omit<ConvOptions, "dilation"> {
  /** Extra positions at the end of every axis, below the stride. */
  readonly outputPadding?: number | readonly number[];
}

/** Transposed convolution over the axes after [B, C]: x [B, C, ...] -> [B, out, ...]; pad 0 unless given. */
export function convTransposeLayer(p: Params, name: string, x: Value, options: ConvTransposeOptions): Value {
  const kernel = kernelOf(x, options);
  const channels = x.shape[1] as number;
  return p.scope(name, (q) => {
    // the mean number of products in a sum: an output position is reached by a stride's share of the kernel
    const { stride = 1 } = options;
    const share = typeof stride === "number" ? stride ** kernel.length : count(stride);
    const own = q.get("weight", [channels, options.out, ...kernel], he((channels * count(kernel)) / share, options.gain ?? 1));
    const weight = options.spectral === true ? spectralWeight(q, own) : own;
    const bias = q.get("bias", [options.out], { kind: "constant", value: options.bias ?? 0 });
    return convTranspose(x, weight, { stride, pad: options.pad ?? 0, outputPadding: options.outputPadding ?? 0 }, bias);
  });
}

function kernelOf(x: Value, { kernel }: { readonly kernel: number | readonly number[] }): readonly number[] {
  return typeof kernel === "number" ? x.shape.slice(2).map(() => kernel) : kernel;
}

/** x [..., D] -> [..., out]. */
export function linear(p: Params, name: string, x: Value, options: { readonly out: number; readonly gain?: number; readonly bias?: number; readonly spectral?: boolean }): Value {
  const width = x.shape[x.shape.length - 1] as number;
  return p.scope(name, (q) => {
    const own = q.get("weight", [width, options.out], he(width, options.gain ?? 1));
    const weight = options.spectral === true ? spectralWeight(q, own) : own;
    const bias = q.get("bias", [options.out], { kind: "constant", value: options.bias ?? 0 });
    return add(matmul(x, weight), bias);
  });
}

/** Rows of a learned table [count, width] at whole numbers: index [...] (int64 or int32) -> [..., width]. */
export function embedding(p: Params, name: string, index: Value, { count, width }: { readonly count: number; readonly width: number }): Value {
  return p.scope(name, (q) => gather(q.get("weight", [count, width], { kind: "normal", deviation: 1 }), index, 0));
}

/** The activation of every hidden layer. */
export function activate(x: Value): Value {
  return leakyRelu(x, slope);
}

function he(fan: number, gain: number): Init {
  return gain === 0 ? { kind: "constant", value: 0 } : { kind: "normal", deviation: (gain * Math.sqrt(2 / (1 + slope * slope))) / Math.sqrt(fan) };
}
