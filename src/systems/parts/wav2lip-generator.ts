/**
 * The lip-sync generator of Wav2Lip (Prajwal et al. 2020, "A Lip Sync Expert Is All You Need"), from its layer table. Parameters have the
 * names of the published checkpoints with `/` for `.`, so that those can be read by name; the state of a norm is `mean` and
 * `variance` for `running_mean` and `running_var`.
 */
import { relu, sigmoid } from "../../graph/ops/activation.js";
import { add } from "../../graph/ops/arithmetic.js";
import { conv, convTranspose } from "../../graph/ops/conv.js";
import { concat } from "../../graph/ops/layout.js";
import type { Value } from "../../graph/value.js";
import { batchNorm } from "../../nn/norms.js";
import { count, type Init, type Params } from "../../nn/params.js";

/** Sides of faces in pixels, mel bands and mel steps (80 a second) of a window. */
export const wav2lipSizes = { face: 96, bands: 80, steps: 16 } as const;

interface Layer {
  /** Convolution, convolution with its input added before the ReLU, or transposed convolution; each with norm and ReLU. */
  readonly kind: "plain" | "residual" | "transposed";
  readonly out: number;
  readonly kernel: number;
  readonly stride: readonly [number, number];
  readonly pad: number;
  readonly outputPadding: number;
}

const plain = (out: number, kernel: number, stride: number | readonly [number, number], pad: number): Layer => ({
  kind: "plain",
  out,
  kernel,
  stride: typeof stride === "number" ? [stride, stride] : stride,
  pad,
  outputPadding: 0,
});
const residual = (out: number): Layer => ({ ...plain(out, 3, 1, 1), kind: "residual" });
const up = (out: number): Layer => ({ ...plain(out, 3, 2, 1), kind: "transposed", outputPadding: 1 });

const faceEncoder: readonly (readonly Layer[])[] = [
  [plain(16, 7, 1, 3)],
  [plain(32, 3, 2, 1), residual(32), residual(32)],
  [plain(64, 3, 2, 1), residual(64), residual(64), residual(64)],
  [plain(128, 3, 2, 1), residual(128), residual(128)],
  [plain(256, 3, 2, 1), residual(256), residual(256)],
  [plain(512, 3, 2, 1), residual(512)],
  [plain(512, 3, 1, 0), plain(512, 1, 1, 0)],
];
const audioEncoder: readonly Layer[] = [
  ...[plain(32, 3, 1, 1), residual(32), residual(32)],
  ...[plain(64, 3, [3, 1], 1), residual(64), residual(64)],
  ...[plain(128, 3, 3, 1), residual(128), residual(128)],
  ...[plain(256, 3, [3, 2], 1), residual(256)],
  ...[plain(512, 3, 1, 0), plain(512, 1, 1, 0)],
];
const decoder: readonly (readonly Layer[])[] = [
  [plain(512, 1, 1, 0)],
  [{ ...plain(512, 3, 1, 0), kind: "transposed" }, residual(512)],
  [up(512), residual(512), residual(512)],
  [up(384), residual(384), residual(384)],
  [up(256), residual(256), residual(256)],
  [up(128), residual(128), residual(128)],
  [up(64), residual(64), residual(64)],
];

/**
 * Faces [N, 6, 96, 96] in 0..1 (the frame with its lower half dark, then a reference frame; blue, green, red) and mel windows
 * [N, 1, 80, 16] -> faces [N, 3, 96, 96].
 */
export function wav2lipGenerator(p: Params, faces: Value, mel: Value): Value {
  const run = (list: string, x: Value, layers: readonly Layer[]): Value => p.scope(list, (q) => layers.reduce((y, layer, i) => normLayer(q, String(i), y, layer), x));
  const features: Value[] = [];
  faceEncoder.reduce((x, layers, i) => {
    const y = run(`face_encoder_blocks/${i}`, x, layers);
    features.push(y);
    return y;
  }, faces);
  let x = run("audio_encoder", mel, audioEncoder);
  decoder.forEach((layers, i) => (x = concat([run(`face_decoder_blocks/${i}`, x, layers), features.pop()!], 1)));
  return p.scope("output_block", (q) => {
    const hidden = normLayer(q, "0", x, plain(32, 3, 1, 1));
    return sigmoid(conv(hidden, q.get("1/weight", [3, 32, 1, 1], fan(32)), {}, q.get("1/bias", [3], { kind: "constant", value: 0 })));
  });
}

/** The variance of PyTorch's default for convolutions. */
const fan = (inputs: number): Init => ({ kind: "normal", deviation: 1 / Math.sqrt(3 * inputs) });

function normLayer(p: Params, name: string, x: Value, { kind, out, kernel, stride, pad, outputPadding }: Layer): Value {
  return p.scope(`${name}/conv_block`, (q) => {
    const channels = x.shape[1]!;
    const transposed = kind === "transposed";
    const shape = [...(transposed ? [channels, out] : [out, channels]), kernel, kernel];
    const weight = q.get("0/weight", shape, fan(count(shape.slice(1))));
    const own = q.get("0/bias", [out], { kind: "constant", value: 0 });
    // the norm takes the bias out again in training, where it shifts the running mean alone
    const convolved = transposed ? convTranspose(x, weight, { stride, pad, outputPadding }, own) : conv(x, weight, { stride, pad }, own);
    const y = batchNorm(q, "1", convolved);
    return relu(kind === "residual" ? add(y, x) : y);
  });
}
