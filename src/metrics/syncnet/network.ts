/**
 * SyncNet v2 (Chung & Zisserman 2016; weights of 2017): embeddings [1024], not normalised, of 5 frames and of 0.2 s of MFCC. Batch norms are folded into the
 * layers before them, and time, which the first layer of the pictures takes up, into the channels.
 */
import { TalkfaceError } from "../../base/errors.js";
import { Graph } from "../../graph/graph.js";
import { relu } from "../../graph/ops/activation.js";
import { add } from "../../graph/ops/arithmetic.js";
import { conv } from "../../graph/ops/conv.js";
import { reshape } from "../../graph/ops/layout.js";
import { matmul } from "../../graph/ops/matmul.js";
import { maxPool } from "../../graph/ops/pool.js";
import type { Value } from "../../graph/value.js";

export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Windows of one run. */
export const syncnetBatch = 20;
export const syncnetShapes = { audio: [syncnetBatch, 1, 13, 20], video: [syncnetBatch, 15, 224, 224] } as const;
export const embeddingSize = 1024;

type Layer =
  | { readonly kind: "conv"; readonly index: number; readonly out: number; readonly kernel: readonly [number, number]; readonly stride?: number; readonly pad?: number }
  | { readonly kind: "pool"; readonly stride: readonly [number, number]; readonly pad?: number };

const audio: readonly Layer[] = [
  { kind: "conv", index: 0, out: 64, kernel: [3, 3], pad: 1 },
  { kind: "conv", index: 4, out: 192, kernel: [3, 3], pad: 1 },
  { kind: "pool", stride: [1, 2] },
  { kind: "conv", index: 8, out: 384, kernel: [3, 3], pad: 1 },
  { kind: "conv", index: 11, out: 256, kernel: [3, 3], pad: 1 },
  { kind: "conv", index: 14, out: 256, kernel: [3, 3], pad: 1 },
  { kind: "pool", stride: [2, 2] },
  { kind: "conv", index: 18, out: 512, kernel: [5, 4] },
];
const video: readonly Layer[] = [
  { kind: "conv", index: 0, out: 96, kernel: [7, 7], stride: 2 },
  { kind: "pool", stride: [2, 2] },
  { kind: "conv", index: 4, out: 256, kernel: [5, 5], stride: 2, pad: 1 },
  { kind: "pool", stride: [2, 2], pad: 1 },
  { kind: "conv", index: 8, out: 256, kernel: [3, 3], pad: 1 },
  { kind: "conv", index: 11, out: 256, kernel: [3, 3], pad: 1 },
  { kind: "conv", index: 14, out: 256, kernel: [3, 3], pad: 1 },
  { kind: "pool", stride: [2, 2] },
  { kind: "conv", index: 18, out: 512, kernel: [6, 6] },
];

/**
 * The two graphs from weights by their published names. `audio`: mfcc [20,1,13,20] (coefficients, steps of 10 ms) -> code [20,1024]; `video`: planes
 * [20,15,224,224] (blue of five frames, then green, then red; 0..255) -> code. Throws `bad-model` where a weight is missing or of another shape.
 */
export function syncnetGraphs(weights: ReadonlyMap<string, Weight>, where: string): Readonly<Record<"audio" | "video", Graph>> {
  const take = (name: string, shape: readonly number[]): Float32Array => {
    const weight = weights.get(name);
    const found = weight === undefined ? "none" : `[${weight.shape.join(", ")}]`;
    if (weight === undefined || weight.shape.join() !== shape.join()) throw new TalkfaceError("bad-model", `${where}: the weight ${name} should be [${shape.join(", ")}], found ${found}. Give the weights of SyncNet v2.`);
    return weight.data;
  };
  const build = (branch: "audio" | "video"): Graph => {
    const graph = new Graph(`syncnet-${branch}`);
    const [layers, body, head] = branch === "audio" ? [audio, "netcnnaud", "netfcaud"] : [video, "netcnnlip", "netfclip"];
    let x = graph.input(branch === "audio" ? "mfcc" : "planes", syncnetShapes[branch]);
    for (const layer of layers) {
      if (layer.kind === "pool") {
        x = maxPool(x, [3, 3], [...layer.stride], layer.pad ?? 0);
        continue;
      }
      const channels = x.shape[1]!;
      const [h, w] = layer.kernel;
      // time stands between channels and places in the file: a unit axis, but for the first layer of the pictures
      const inFile = branch === "audio" ? [layer.out, channels, h, w] : layer.index === 0 ? [layer.out, 3, 5, h, w] : [layer.out, channels, 1, h, w];
      const folded = fold(take, `${body}.${layer.index}`, `${body}.${layer.index + 1}`, inFile);
      x = relu(conv(x, graph.constant(folded.weight, [layer.out, channels, h, w]), { stride: layer.stride ?? 1, pad: layer.pad ?? 0 }, graph.constant(folded.bias, [layer.out])));
    }
    const flat = reshape(x, [syncnetBatch, 512]);
    const first = fold(take, `${head}.0`, `${head}.1`, [512, 512]);
    const hidden = relu(linear(graph, flat, first.weight, first.bias, 512));
    graph.output("code", linear(graph, hidden, take(`${head}.3.weight`, [embeddingSize, 512]), take(`${head}.3.bias`, [embeddingSize]), embeddingSize));
    return graph;
  };
  return { audio: build("audio"), video: build("video") };
}

function linear(graph: Graph, x: Value, weight: Float32Array, bias: Float32Array, out: number): Value {
  const inputs = x.shape[1]!;
  const turned = new Float32Array(weight.length);
  for (let o = 0; o < out; o++) for (let i = 0; i < inputs; i++) turned[i * out + o] = weight[o * inputs + i]!;
  return add(matmul(x, graph.constant(turned, [inputs, out])), graph.constant(bias, [out]));
}

/** A layer with the batch norm behind it (epsilon 1e-5) in one. */
function fold(take: (name: string, shape: readonly number[]) => Float32Array, layer: string, norm: string, shape: readonly number[]): { readonly weight: Float32Array; readonly bias: Float32Array } {
  const out = shape[0]!;
  const [weight, bias] = [take(`${layer}.weight`, shape), take(`${layer}.bias`, [out])];
  const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((name) => take(`${norm}.${name}`, [out])) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const scale = gamma.map((g, o) => g / Math.sqrt(variance[o]! + 1e-5));
  const inner = weight.length / out;
  return { weight: weight.map((w, i) => w * scale[Math.floor(i / inner)]!), bias: bias.map((b, o) => (b - mean[o]!) * scale[o]! + beta[o]!) };
}
