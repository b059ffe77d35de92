/** Weights of @vladmandic/face-api: a manifest that lists tensors, and one file that holds them back to back. */
import { z } from "zod";
import { TalkfaceError } from "../../base/errors.js";

export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Tensors by name, e.g. "dense0/conv0/filters". */
export type Weights = ReadonlyMap<string, Weight>;

const manifestSchema = z.array(
  z.object({
    weights: z.array(
      z.object({
        name: z.string(),
        shape: z.array(z.number().int().positive()),
        dtype: z.literal("float32"),
        // One network mixes quantized and plain tensors.
        quantization: z.object({ dtype: z.literal("uint8"), scale: z.number(), min: z.number() }).optional(),
      }),
    ),
  }),
);

export function readFaceApiWeights(manifest: Uint8Array, bytes: Uint8Array): Weights {
  const groups = manifestSchema.parse(JSON.parse(new TextDecoder().decode(manifest)));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const weights = new Map<string, Weight>();
  let at = 0;
  for (const { name, shape, quantization } of groups.flatMap((group) => group.weights)) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    for (let i = 0; i < values.length; i++) {
      values[i] = quantization === undefined ? view.getFloat32(at + 4 * i, true) : view.getUint8(at + i) * quantization.scale + quantization.min;
    }
    at += values.length * (quantization === undefined ? 4 : 1);
    weights.set(name, { shape, values });
  }
  if (at !== bytes.length) throw new TalkfaceError("internal", `internal: the manifest describes ${at} bytes of weights, the file has ${bytes.length}.`);
  return weights;
}

export function weight(weights: Weights, name: string): Weight {
  const found = weights.get(name);
  if (found === undefined) throw new TalkfaceError("internal", `internal: face-api's weights hold no "${name}".`);
  return found;
}

/** Convolution weights [H,W,I,O] -> [O,I,H,W]. */
export function outputsFirst({ shape, values }: Weight): Weight {
  const [height, width, inputs, outputs] = shape as readonly [number, number, number, number];
  const area = height * width;
  const reordered = new Float32Array(values.length);
  for (let at = 0, from = 0; at < area; at++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) reordered[(o * inputs + i) * area + at] = values[from++]!;
    }
  }
  return { shape: [outputs, inputs, height, width], values: reordered };
}

/** Depthwise convolution weights [H,W,C,1] -> [C,1,H,W]. */
export function channelsFirst({ shape, values }: Weight): Weight {
  const [height, width, channels] = shape as readonly [number, number, number];
  const area = height * width;
  const reordered = new Float32Array(values.length);
  for (let at = 0, from = 0; at < area; at++) {
    for (let channel = 0; channel < channels; channel++) reordered[channel * area + at] = values[from++]!;
  }
  return { shape: [channels, 1, height, width], values: reordered };
}
