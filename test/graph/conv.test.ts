import { describe, expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { conv, convTranspose, type ConvOptions, type ConvTransposeOptions } from "../../src/graph/ops/conv.js";
import { convDataGradient, convWeightGradient, dataGradientForms, weightGradientForms } from "../../src/graph/ops/conv-gradients.js";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "../../src/graph/ops/pool.js";
import { resizeBilinear, resizeBilinearTo, resizeNearest } from "../../src/graph/ops/resize.js";
import { gridSample } from "../../src/graph/ops/grid-sample.js";
import { add, square } from "../../src/graph/ops/arithmetic.js";
import { sum as sumAll } from "../../src/graph/ops/reduce.js";
import { padsOf, perAxis, sizeOf, windowOutput } from "../../src/graph/shape.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { checkGradient, normals } from "../support/gradcheck.js";

type Case = [name: string, x: number[], w: number[], options: ConvOptions];

const cases: Case[] = [
  ["3×3 s1 p1", [2, 3, 6, 5], [4, 3, 3, 3], { pad: 1 }],
  ["1×1", [2, 3, 4, 5], [5, 3, 1, 1], {}],
  ["1×1 s2", [2, 3, 5, 4], [5, 3, 1, 1], { stride: 2 }],
  ["3×3 s2 p1", [2, 3, 8, 7], [4, 3, 3, 3], { stride: 2, pad: 1 }],
  ["4×4 s2 p1", [2, 3, 8, 6], [4, 3, 4, 4], { stride: 2, pad: 1 }],
  ["7×7 p3", [1, 2, 9, 8], [3, 2, 7, 7], { pad: 3 }],
  ["3×3 s3, remainder 2", [1, 2, 11, 10], [3, 2, 3, 3], { stride: 3 }],
  ["dilation 2", [1, 2, 9, 8], [3, 2, 3, 3], { dilation: 2, pad: 2 }],
  ["stride, dilation, groups, uneven pads", [2, 4, 10, 9], [6, 2, 3, 2], { stride: [2, 3], dilation: [1, 2], groups: 2, pad: [1, 0, 2, 1] }],
  ["more pad than kernel", [1, 2, 4, 4], [3, 2, 2, 2], { pad: 3 }],
  ["depthwise", [2, 4, 6, 6], [4, 1, 3, 3], { pad: 1, groups: 4 }],
  ["1-D", [2, 3, 11], [4, 3, 5], { pad: 2, stride: 2 }],
  ["1-D grouped", [2, 4, 11], [4, 2, 3], { groups: 2 }],
  ["3-D", [1, 2, 5, 6, 5], [3, 2, 3, 3, 2], { stride: [1, 2, 2], pad: [1, 1, 0] }],
];

describe("gradients of convolutions", () => {
  test.each(cases)("%s", async (name, x, w, options) => {
    await checkGradient(name, [x, w, [w[0]!]], (_, [a, b, bias]) => conv(a!, b!, options, bias));
  });

  test.each(cases)("all forms of the weight gradient agree: %s", async (_, xShape, wShape, { stride = 1, pad = 0, dilation = 1, groups = 1 }) => {
    const graph = new Graph();
    const rank = xShape.length - 2;
    const x = graph.input("x", xShape);
    const w = graph.input("w", wShape);
    const y = conv(x, w, { stride, pad, dilation, groups });
    const dy = graph.input("dy", y.shape);
    const shape = { kernel: wShape.slice(2), stride: perAxis(stride, rank)!, dilation: perAxis(dilation, rank)!, pads: padsOf(pad, rank)!, groups };
    for (const form of weightGradientForms) graph.output(form, convWeightGradient(x, dy, shape, form));
    const session = await createSession(graph.toModel(), { threads: 1 });
    const random = new Random(3);
    const feeds = { x: floats(normals(random, sizeOf(xShape)), xShape), dy: floats(normals(random, sizeOf(y.shape)), y.shape) };
    const results = await session.run({ ...feeds, w: floats(normals(random, sizeOf(wShape)), wShape) });
    const expected = results["conv"]!.data as Float32Array;
    for (const form of weightGradientForms) {
      expect(results[form]!.shape, form).toEqual(wShape);
      const worst = (results[form]!.data as Float32Array).reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0);
      expect(worst, form).toBeLessThan(1e-4);
    }
  });

  test("the weight gradient of many large images goes by in parts", async () => {
    const [xShape, wShape] = [[50, 32, 64, 64], [32, 32, 3, 3]];
    const graph = new Graph();
    const [x, dy] = [graph.input("x", xShape), graph.input("dy", xShape)];
    const shape = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], pads: [1, 1, 1, 1], groups: 1 };
    for (const form of weightGradientForms) graph.output(form, convWeightGradient(x, dy, shape, form));
    const model = graph.toModel();
    expect(model.graph.nodes.filter(({ op }) => op === "Slice").length).toBeGreaterThanOrEqual(4);
    const random = new Random(4);
    const values = normals(random, 100_003);
    const long = (from: number): Float32Array => Float32Array.from({ length: sizeOf(xShape) }, (_, i) => values[(i * 7 + from) % values.length]!);
    const results = await (await createSession(model, { training: true })).run({ x: floats(long(0), xShape), dy: floats(long(5), xShape) });
    const expected = results["conv"]!.data as Float32Array;
    const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    expect(results["conv"]!.shape).toEqual(wShape);
    for (const form of weightGradientForms) {
      expect((results[form]!.data as Float32Array).reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0) / largest, form).toBeLessThan(1e-5);
    }
  });

  test.each(cases)("both forms of the input gradient agree: %s", async (_, xShape, wShape, { stride = 1, pad = 0, dilation = 1, groups = 1 }) => {
    const graph = new Graph();
    const rank = xShape.length - 2;
    const w = graph.input("w", wShape);
    const shape = { kernel: wShape.slice(2), stride: perAxis(stride, rank)!, dilation: perAxis(dilation, rank)!, pads: padsOf(pad, rank)!, groups };
    const dy = graph.input("dy", [xShape[0]!, wShape[0]!, ...windowOutput(xShape.slice(2), shape)]);
    for (const form of dataGradientForms) graph.output(form, convDataGradient(dy, w, xShape.slice(2), shape, form));
    const session = await createSession(graph.toModel(), { threads: 1 });
    const random = new Random(4);
    const results = await session.run({ w: floats(normals(random, sizeOf(wShape)), wShape), dy: floats(normals(random, sizeOf(dy.shape)), dy.shape) });
    const [expected, found] = dataGradientForms.map((form) => results[form]!);
    expect(found!.shape).toEqual(xShape);
    const worst = (found!.data as Float32Array).reduce((m, v, i) => Math.max(m, Math.abs(v - (expected!.data as Float32Array)[i]!)), 0);
    expect(worst).toBeLessThan(1e-4);
  });

  const transposed: [string, number[], number[], ConvTransposeOptions][] = [
    ["4×4 s2 p1", [2, 3, 4, 5], [3, 4, 4, 4], { stride: 2, pad: 1 }],
    ["3×3 s2 with output padding", [2, 3, 4, 5], [3, 4, 3, 3], { stride: 2, pad: 1, outputPadding: 1 }],
    ["groups, dilation", [1, 4, 5, 5], [4, 2, 3, 3], { groups: 2, dilation: 2, stride: 1 }],
    ["1-D", [2, 3, 7], [3, 2, 4], { stride: 2, pad: 1 }],
  ];
  test.each(transposed)("transposed %s", async (name, x, w, options) => {
    await checkGradient(`transposed ${name}`, [x, w, [w[1]! * (options.groups ?? 1)]], (_, [a, b, bias]) => convTranspose(a!, b!, options, bias));
  });

  test("second derivative of a convolution", async () => {
    await checkGradient("second", [[1, 2, 5, 5], [3, 2, 3, 3]], (_, [x, w]) => {
      const y = square(conv(x!, w!, { stride: 2, pad: 1 }));
      const [dx] = gradient(sumAll(y), [x!]);
      return dx!;
    });
  });
});

describe("gradients of pooling and resizing", () => {
  const spread = Float32Array.from({ length: 2 * 2 * 7 * 6 }, (_, i) => ((i * 61) % 168) * 0.1 - 8); // all different by 0.1
  test("averagePool", async () => {
    await checkGradient("averagePool", [[2, 2, 6, 4]], (_, [x]) => square(averagePool(x!, 2)));
    await checkGradient("averagePool remainder", [[2, 2, 7, 6]], (_, [x]) => averagePool(x!, [3, 2]));
    await checkGradient("averagePool overlapping", [[2, 2, 7, 6]], (_, [x]) => averagePool(x!, 3, 2));
    await checkGradient("averagePool 1-D", [[2, 2, 7]], (_, [x]) => averagePool(x!, 2));
    await checkGradient("averagePool 3-D", [[1, 2, 4, 5, 4]], (_, [x]) => averagePool(x!, [2, 3, 2], [2, 1, 2]));
    await checkGradient("averagePool padded", [[2, 2, 7, 6]], (_, [x]) => square(averagePool(x!, 3, 1, 1)));
    await checkGradient("globalAveragePool", [[2, 3, 3, 4]], (_, [x]) => square(globalAveragePool(x!)));
  });

  test("maxPool", async () => {
    await checkGradient("maxPool", [[2, 2, 7, 6]], (_, [x]) => maxPool(x!, 2), { values: [spread] });
    await checkGradient("maxPool overlapping", [[2, 2, 7, 6]], (_, [x]) => maxPool(x!, 3, 2), { values: [spread] });
    await checkGradient("maxPool padded", [[2, 2, 7, 6]], (_, [x]) => maxPool(x!, 3, 2, [1, 0]), { values: [spread] });
    await checkGradient("maxPool 3-D", [[1, 2, 7, 4, 3]], (_, [x]) => maxPool(x!, [1, 3, 3], [1, 1, 2]), { values: [spread] });
    await checkGradient("globalMaxPool", [[2, 2, 7, 6]], (_, [x]) => globalMaxPool(x!), { values: [spread] });
  });

  test("resize", async () => {
    await checkGradient("nearest", [[2, 2, 3, 4]], (_, [x]) => square(resizeNearest(x!, 2)));
    await checkGradient("nearest 1-D", [[2, 2, 3]], (_, [x]) => resizeNearest(x!, 3));
    for (const scale of [2, 3, 4]) await checkGradient(`bilinear ${scale}`, [[2, 2, 3, 5]], (_, [x]) => square(resizeBilinear(x!, scale)));
    await checkGradient("bilinear of one pixel", [[1, 2, 1, 1]], (_, [x]) => resizeBilinear(x!, 2));
    for (const size of [[7, 4], [2, 9], [1, 1]] as const) await checkGradient(`bilinear to ${size.join()}`, [[2, 2, 3, 5]], (_, [x]) => square(resizeBilinearTo(x!, size)));
  });
});

describe("gradients of gridSample", () => {
  /** Points inside their cell, by tenths of a pixel, inside and outside of an image of 5 × 4 pixels. */
  const grid = (() => {
    const data: number[] = [];
    const at = (p: number, n: number): number => (2 * (p + 0.5)) / n - 1;
    for (let n = 0; n < 2; n++) {
      for (let i = 0; i < 18; i++) {
        const column = ((i * 5 + n) % 8) - 2 + 0.3 + 0.02 * i;
        const row = ((i * 3) % 7) - 2 + 0.4 + 0.01 * i;
        data.push(at(column, 5), at(row, 4));
      }
    }
    return Float32Array.from(data);
  })();

  test.each(["zeros", "border"] as const)("%s", async (padding) => {
    await checkGradient(`gridSample ${padding}`, [[2, 3, 4, 5], [2, 3, 6, 2]], (_, [image, at]) => gridSample(image!, at!, { padding }), { values: [undefined, grid] });
    await checkGradient(`gridSample ${padding}, second`, [[2, 3, 4, 5], [2, 3, 6, 2]], (_, [image, at]) => {
      const [di, dg] = gradient(sumAll(square(gridSample(image!, at!, { padding }))), [image!, at!]);
      return add(sumAll(square(di!)), sumAll(square(dg!)));
    }, { values: [undefined, grid], step: 3e-3, tolerance: 3e-3 });
  });

  test("the image gradient is left out where nobody asks for it", () => {
    const graph = new Graph();
    const image = graph.input("image", [1, 2, 4, 4]);
    const at = graph.input("grid", [1, 3, 3, 2]);
    graph.output("grad", gradient(sumAll(gridSample(image, at, { padding: "zeros" })), [at])[0]!);
    expect(graph.nodes.filter((n) => n.op === "ScatterElements")).toHaveLength(0);
  });
});
