import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { toFloat16, widened } from "../../src/graph/float16.js";
import { Graph } from "../../src/graph/graph.js";
import { halfBits, halfValue } from "../../src/graph/half.js";
import { decodeModel, encodeModel, type OnnxModel } from "../../src/graph/onnx.js";
import { add, mul } from "../../src/graph/ops/arithmetic.js";
import { relu } from "../../src/graph/ops/activation.js";
import { conv } from "../../src/graph/ops/conv.js";
import { gridSample } from "../../src/graph/ops/grid-sample.js";
import { mean } from "../../src/graph/ops/reduce.js";
import { sizeOf } from "../../src/graph/shape.js";
import { valueTypes } from "../../src/graph/value-types.js";
import { unsupportedNodes } from "../../src/runtime/kernels/unsupported.js";
import { createSession } from "../../src/runtime/session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";

describe("float16 numbers", () => {
  test("are the nearest ones, ties to even", () => {
    const cases: [number, number][] = [[0, 0], [1, 0x3c00], [-2, 0xc000], [65504, 0x7bff], [65519, 0x7bff], [65520, 0x7c00], [2 ** -14, 0x0400], [2 ** -24, 1], [2 ** -25, 0], [3 * 2 ** -25, 2], [1 + 2 ** -11, 0x3c00], [1 + 3 * 2 ** -11, 0x3c02], [0.1, 0x2e66], [-0, 0x8000], [Infinity, 0x7c00]];
    for (const [x, bits] of cases) expect([x, halfBits(x)]).toEqual([x, bits]);
    expect(halfBits(NaN)).toBe(0x7e00);
    const all = Array.from({ length: 0x7c00 }, (_, bits) => bits);
    expect(all.filter((bits) => halfBits(halfValue(bits)) !== bits)).toEqual([]);
  });
});

/** Conv, then a sum over all, then a look-up of its picture at places that are fed. */
function network(epsilon: number): OnnxModel {
  const random = new Random(1);
  const graph = new Graph();
  const x = graph.input("x", [1, 3, 8, 8]);
  const weight = graph.constant(Float32Array.from({ length: 4 * 27 }, () => random.normal() / 5), [4, 3, 3, 3]);
  const y = relu(add(mul(conv(x, weight, { pad: 1 }), 0.5), epsilon));
  graph.output("y", y);
  graph.output("level", mean(y));
  graph.output("seen", gridSample(y, graph.input("places", [1, 4, 4, 2]), { padding: "border" }));
  return graph.toModel();
}

describe("models in float16", () => {
  test("keep float32 at the borders, in sums and look-ups, and cast once", () => {
    const { graph } = toFloat16(network(0.25));
    const types = valueTypes(graph);
    const typeOf = (op: string): unknown => types.get(graph.nodes.find((node) => node.op === op)!.inputs[0]!);
    expect(["Conv", "Mul", "Relu", "ReduceMean", "GridSample"].map(typeOf)).toEqual(["float16", "float16", "float16", "float32", "float32"]);
    expect([...graph.inputs, ...graph.outputs].every(({ dtype }) => dtype === "float32")).toBe(true);
    const casts = new Set(graph.nodes.filter(({ op }) => op === "Cast").flatMap(({ outputs }) => outputs));
    expect(graph.nodes.filter(({ op, inputs }) => op === "Cast" && casts.has(inputs[0]!))).toEqual([]);
    expect(casts.size).toBe(3); // x in; y for the sum and the look-up; y out
    for (const provider of ["cuda", "webgpu"] as const) expect(unsupportedNodes(toFloat16(network(0.25)), provider)).toEqual([]);
  });

  test("give their weights back under their own names", () => {
    const before = network(0.25).graph.initializers.find(({ shape }) => shape.length === 4)!;
    const after = toFloat16(network(0.25)).graph.initializers.map(widened).find((tensor) => tensor?.name === before.name)!;
    const numbers = ({ data }: { readonly data: Uint8Array }): number[] => [...new Float32Array(data.slice().buffer)];
    expect(numbers(after)).toEqual(numbers(before).map((x) => halfValue(halfBits(x))));
  });

  test("keep a node in float32 whose constant would vanish or overflow", () => {
    for (const epsilon of [1e-8, 1e6]) {
      const { graph } = toFloat16(network(epsilon));
      const types = valueTypes(graph);
      expect(types.get(graph.nodes.find(({ op }) => op === "Add")!.outputs[0]!)).toBe("float32");
    }
  });

  test("draw the frames of the shipped model, at half its size", async () => {
    const read = (name: string): Uint8Array => readFileSync(fileURLToPath(new URL(`../../onnx/et-gan-acw/${name}.onnx`, import.meta.url)));
    const model = decodeModel(read("frame"), "frame");
    const half = toFloat16(model);
    expect(encodeModel(half).length / encodeModel(model).length).toBeLessThan(0.6);
    const feeds = frameFeeds(model);
    const [a, b] = [await frame(model, feeds), await frame(half, feeds)];
    expect(psnr(a["frame"]!, b["frame"]!)).toBeGreaterThan(40);
    const [before, after] = [a["points"]!.data as Float32Array, b["points"]!.data as Float32Array];
    expect(Math.max(...before.map((x, i) => Math.abs(x - after[i]!)))).toBeLessThan(0.1); // pixels
  });
});

/** Smooth pictures, and faces whose points lie on rings around the middle. */
function frameFeeds({ graph }: OnnxModel): Record<string, Tensor> {
  const random = new Random(2);
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const sizes = shape as number[];
      const length = sizeOf(sizes);
      if (dtype === "uint8") return [name, { dtype, shape: sizes, data: Uint8Array.from({ length }, (_, i) => 128 + 100 * Math.sin(i / 40) * Math.cos(i / 9000)) }];
      const rings = ["view_points", "base", "shape"].includes(name);
      const centre = name === "shape" ? 0 : 64;
      const data = Float32Array.from({ length }, (_, i) => {
        const angle = Math.floor(i / 2) * 0.7;
        if (rings) return centre + (10 + (Math.floor(i / 2) % 40)) * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) * (centre === 0 ? 0.2 : 1);
        return name === "view_mask" || name === "articulation" ? 1 : name === "scale" ? 6 : name === "view_preference" ? 0 : random.normal() * 0.3;
      });
      return [name, floats(data, sizes)];
    }),
  );
}

async function frame(model: OnnxModel, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const session = await createSession(model);
  const results = await session.run(feeds);
  await session.release();
  return results;
}

function psnr(a: Tensor, b: Tensor): number {
  let sum = 0;
  a.data.forEach((x, i) => (sum += (Number(x) - Number(b.data[i])) ** 2));
  return 10 * Math.log10(255 ** 2 / (sum / a.data.length));
}
