/** Layers: each asks `Params` for its weights under its own name. */
import { leakyRelu } from "../graph/ops/activation.js";
import { add } from "../graph/ops/arithmetic.js";
import { conv } from "../graph/ops/conv.js";
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
  readonly stride?: number;
  /** Zero padding on every side; default keeps the size at stride 1. */
  readonly pad?: number;
  readonly dilation?: number;
  /** Multiplies the initial deviation; 0 starts the layer at its bias. */
  readonly gain?: number;
  readonly bias?: number;
  /** Divides the weight by its largest singular value (norms.ts). */
  readonly spectral?: boolean;
}

/** Convolution over the axes after [B, C]: x [B, C, ...] -> [B, out, ...]. */
export function convLayer(p: Params, name: string, x: Value, options: ConvOptions): Value {
  const axes = x.shape.length - 2;
  const kernel = typeof options.kernel === "number" ? Array.from({ length: axes }, () => options.kernel as number) : options.kernel;
  const dilation = options.dilation ?? 1;
  const channels = x.shape[1] as number;
  return p.scope(name, (q) => {
    const own = q.get("weight", [options.out, channels, ...kernel], he(channels * count(kernel), options.gain ?? 1));
    const weight = options.spectral === true ? spectralWeight(q, own) : own;
    const bias = q.get("bias", [options.out], { kind: "constant", value: options.bias ?? 0 });
    const pads = kernel.map((k) => options.pad ?? Math.floor(((k - 1) * dilation) / 2));
    const each = (n: number): number[] => Array.from({ length: axes }, () => n);
    return conv(x, weight, { stride: each(options.stride ?? 1), pad: [...pads, ...pads], dilation: each(dilation) }, bias);
  });
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

/** The activation of every hidden layer. */
export function activate(x: Value): Value {
  return leakyRelu(x, slope);
}

function he(fan: number, gain: number): Init {
  return gain === 0 ? { kind: "constant", value: 0 } : { kind: "normal", deviation: (gain * Math.sqrt(2 / (1 + slope * slope))) / Math.sqrt(fan) };
}
