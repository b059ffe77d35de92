/**
 * Time of convolution layers as training runs them: forward, gradient of the input, gradient of the weight in each of its
 * forms, and the whole layer (convolution, bias, ReLU; forward and backward). Milliseconds on the CPU, best of the runs.
 *
 * Arguments: names of layers (all by default).
 */
import { Random } from "../src/base/random.js";
import { gradient } from "../src/graph/gradient.js";
import { Graph } from "../src/graph/graph.js";
import { relu } from "../src/graph/ops/activation.js";
import { mul } from "../src/graph/ops/arithmetic.js";
import { convDataGradient, convWeightGradient, weightGradientForms } from "../src/graph/ops/conv-gradients.js";
import { conv } from "../src/graph/ops/conv.js";
import { sum } from "../src/graph/ops/reduce.js";
import { sizeOf, windowOutput } from "../src/graph/shape.js";
import type { Value } from "../src/graph/value.js";
import { createSession } from "../src/runtime/session.js";
import { floats } from "../src/runtime/tensor.js";

interface Layer {
  readonly input: readonly number[];
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

const frames = 20;
const runs = 5;

const layers: Readonly<Record<string, Layer>> = {
  "16-16x128": { input: [frames, 16, 128, 128], outputs: 16, kernel: 3, stride: 1, pad: 1 },
  "32-32x64": { input: [frames, 32, 64, 64], outputs: 32, kernel: 3, stride: 1, pad: 1 },
  "64-64x32": { input: [frames, 64, 32, 32], outputs: 64, kernel: 3, stride: 1, pad: 1 },
  "128-128x16": { input: [frames, 128, 16, 16], outputs: 128, kernel: 3, stride: 1, pad: 1 },
  "256-256x8": { input: [frames, 256, 8, 8], outputs: 256, kernel: 3, stride: 1, pad: 1 },
  "32-64x64s2": { input: [frames, 32, 64, 64], outputs: 64, kernel: 4, stride: 2, pad: 1 },
  "64-128x32s2": { input: [frames, 64, 32, 32], outputs: 128, kernel: 3, stride: 2, pad: 1 },
  "3-16x128k7": { input: [frames, 3, 128, 128], outputs: 16, kernel: 7, stride: 1, pad: 3 },
  "16-3x128": { input: [frames, 16, 128, 128], outputs: 3, kernel: 3, stride: 1, pad: 1 },
  "64-64x32k1": { input: [frames, 64, 32, 32], outputs: 64, kernel: 1, stride: 1, pad: 0 },
};

export async function run(args: readonly string[]): Promise<Record<string, number | string>> {
  const results: Record<string, number | string> = {};
  for (const [name, layer] of Object.entries(layers)) {
    if (args.length > 0 && !args.includes(name)) continue;
    const times = await measureLayer(layer);
    process.stderr.write(`${name.padEnd(12)} ${Object.entries(times).map(([what, ms]) => `${what} ${ms.toFixed(1)}`).join("  ")}\n`);
    for (const [what, ms] of Object.entries(times)) results[`${name}.${what.replaceAll(" ", "-")}`] = Number(ms.toFixed(2));
  }
  return results;
}

async function measureLayer(layer: Layer): Promise<Record<string, number>> {
  const { input, outputs, kernel, stride, pad } = layer;
  const weight = [outputs, input[1]!, kernel, kernel];
  const shape = { kernel: [kernel, kernel], stride: [stride, stride], dilation: [1, 1], pads: [pad, pad, pad, pad], groups: 1 };
  const output = [input[0]!, outputs, ...windowOutput(input.slice(2), shape)];
  type Build = (x: Value, w: Value, dy: Value, bias: Value) => readonly Value[];
  const builds: Record<string, Build> = {
    forward: (x, w) => [conv(x, w, { stride, pad })],
    dX: (_, w, dy) => [convDataGradient(dy, w, input.slice(2), shape)],
    ...Object.fromEntries(weightGradientForms.map((form): [string, Build] => [`dW ${form}`, (x, _, dy) => [convWeightGradient(x, dy, shape, form)]])),
    "dW chosen": (x, _, dy) => [convWeightGradient(x, dy, shape)],
    layer: (x, w, dy, bias) => gradient(sum(mul(relu(conv(x, w, { stride, pad }, bias)), dy)), [x, w, bias]),
  };
  const times: Record<string, number> = {};
  for (const [what, build] of Object.entries(builds)) {
    const graph = new Graph(what);
    const values = [graph.input("x", input), graph.input("w", weight), graph.input("dy", output), graph.input("bias", [outputs])] as const;
    build(...values).forEach((y, i) => graph.output(`y${i}`, y.shape.length === 4 && sizeOf(y.shape) > 1e5 ? sum(y, { axes: [0, 2, 3] }) : y)); // return little
    times[what] = await bestTime(graph);
  }
  return times;
}

async function bestTime(graph: Graph): Promise<number> {
  const session = await createSession(graph.toModel(), { training: true });
  const random = new Random(1);
  const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, floats(Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-0.5, 0.5)), shape)]));
  await session.run(feeds);
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    await session.run(feeds);
    best = Math.min(best, performance.now() - started);
  }
  await session.release();
  return best;
}
