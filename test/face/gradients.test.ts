/** The face networks as losses: read into a graph, they say what their own sessions say, and their gradients are PyTorch's. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { loadFaceNetwork } from "../../src/face/networks.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { encodeModel } from "../../src/graph/onnx.js";
import { add, mul } from "../../src/graph/ops/arithmetic.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { readModel } from "../../src/graph/read/read-model.js";
import { sizeOf } from "../../src/graph/shape.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { normals } from "../support/gradcheck.js";
import { findTorch } from "../support/torch-check.js";

const python = findTorch();
const script = fileURLToPath(new URL("../support/onnx_torch.py", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "talkface-face-gradients-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Soft blobs in 0..1 with a little noise: neighbouring pixels belong together as in a picture, and no two windows of a maximum
 * pool see the same, for at ties we share the gradient and PyTorch does not.
 */
function picture(side: number, random: Random): Float32Array {
  const waves = Array.from({ length: 12 }, () => [random.uniform(0, 12), random.uniform(0, 12), random.uniform(0, 6), Math.floor(random.uniform(0, 3))] as const);
  return Float32Array.from({ length: side * side * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    const height = waves.reduce((total, [fx, fy, phase, channel]) => total + (channel === c ? 0.2 : 0.1) * Math.sin((fx * x + fy * y) / side + phase), 0);
    return 1 / (1 + Math.exp(-3 * height - random.uniform(0, 0.1)));
  });
}

describe.each([
  ["identity", 255],
  ["expression", 255],
  ["landmarks68", 255],
  ["attentionMesh", 1],
] as const)("%s", (name, scale) => {
  const model = loadFaceNetwork(name);
  const shape = model.graph.inputs[0]!.shape as readonly number[];
  const random = new Random(7).split(name);
  const image = picture(shape[1]!, random).map((x) => scale * x);
  const graph = new Graph(name);
  const outputs = readModel(graph, model, { inputs: { image: graph.input("image", shape) } });
  const weights = [...outputs.values()].map((y) => normals(random, sizeOf(y.shape)));
  const loss = [...outputs.values()].map((y, i) => sum(mul(y, graph.constant(weights[i]!, y.shape)))).reduce((a, b) => add(a, b));
  for (const [output, value] of outputs) graph.output(output, value);
  graph.output("gradient", gradient(loss, [graph.inputs[0]!])[0]!);
  let grad: Float32Array | null = null;

  test("says what its own session says", async () => {
    const [own, read] = [await createSession(model), await createSession(graph.toModel(), { training: true })];
    const feeds = { image: floats(image, shape) };
    const [expected, got] = [await own.run(feeds), await read.run(feeds)];
    for (const output of outputs.keys()) {
      const [a, b] = [expected[output]!.data as Float32Array, got[output]!.data as Float32Array];
      const largest = a.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
      a.forEach((x, i) => expect(Math.abs(x - b[i]!), `${output}[${i}]`).toBeLessThan(1e-4 * largest));
    }
    grad = got["gradient"]!.data as Float32Array;
    await Promise.all([own.release(), read.release()]);
  });

  test.skipIf(python === null)("has PyTorch's gradient of the picture (skipped where python3 has no torch and onnx)", () => {
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, encodeModel(model));
    writeFileSync(`${path}.feed.f32`, image);
    writeFileSync(`${path}.weights.f32`, Buffer.concat(weights.map((w) => new Uint8Array(w.buffer))));
    writeFileSync(`${path}.grad.f32`, grad!);
    const { stdout, stderr } = spawnSync(python!, [script, "input", path, "--theta", "image"], { encoding: "utf8" });
    const error = Number(/relative error (\S+)/.exec(stdout)?.[1] ?? NaN);
    expect(error, `${stdout}${stderr}`).toBeLessThan(1e-4);
  });
});
