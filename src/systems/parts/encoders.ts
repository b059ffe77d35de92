/** Encoders that systems share: a picture encoder, a speech encoder. */
import { mul } from "../../graph/ops/arithmetic.js";
import { clip } from "../../graph/ops/arithmetic.js";
import { transpose } from "../../graph/ops/layout.js";
import { activate, convLayer } from "../../nn/layers.js";
import type { Params } from "../../nn/params.js";
import type { Value } from "../../graph/value.js";
import type { Noise } from "./noise.js";

/** Stride-2 convolutions: x [N, C, H, W] -> [N, widths.at(-1), H/2^n, W/2^n]; also every stage's map, for feature losses. */
export function pictureEncoder(p: Params, name: string, x: Value, widths: readonly number[]): readonly Value[] {
  return p.scope(name, (q) => {
    const stages: Value[] = [];
    let y = x;
    widths.forEach((out, i) => {
      y = activate(convLayer(q, `down${i}`, y, { out, kernel: 3, stride: 2, pad: 1 }));
      stages.push(y);
    });
    return stages;
  });
}

/**
 * Log-mel [B, M, 4 (T + 20)], level-normalised -> speech code [B, T, out]: two strided layers to the frame rate, then three
 * dilated ones that take in ±10 frames without padding.
 */
export function speechEncoder(p: Params, name: string, mel: Value, options: { readonly width: number; readonly out: number; readonly noise?: Noise; readonly dropout: number }): Value {
  const { width, noise, dropout } = options;
  const drop = (x: Value): Value => (noise === undefined || dropout === 0 ? x : mul(x, noise.dropout(width, dropout)));
  return p.scope(name, (q) => {
    let x = clip(mul(mel, 0.4), -4, 4);
    x = drop(activate(convLayer(q, "rate2", x, { out: width, kernel: 5, stride: 2, pad: 2 }))); // [B, D, 2 (T + 20)]
    x = drop(activate(convLayer(q, "rate1", x, { out: width, kernel: 3, stride: 2, pad: 1 }))); // [B, D, T + 20]
    x = drop(activate(convLayer(q, "near", x, { out: width, kernel: 5, pad: 0 }))); // [B, D, T + 16]
    x = activate(convLayer(q, "middle", x, { out: width, kernel: 5, pad: 0, dilation: 2 })); // [B, D, T + 8]
    x = convLayer(q, "far", x, { out: options.out, kernel: 5, pad: 0, dilation: 2 }); // [B, out, T]
    return transpose(x, [0, 2, 1]);
  });
}
