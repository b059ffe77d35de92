import { describe, expect, test } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { add, mul, square, sub } from "../../src/graph/ops/arithmetic.js";
import { gather, gatherElements, scatterAdd } from "../../src/graph/ops/gather.js";
import { concat, expand, flip, pad, reshape, slice, split, tile, transpose } from "../../src/graph/ops/layout.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { cumSum, l1Norm, l2Norm, logSoftmax, logSumExp, max, mean, min, softmax, sum } from "../../src/graph/ops/reduce.js";
import { checkGradient } from "../support/gradcheck.js";

describe("gradients of reductions", () => {
  const reductions = { sum, mean, max, min, l1Norm, l2Norm };
  test.each(Object.entries(reductions))("%s", async (name, op) => {
    const spaced = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) * 0.3 - 3.1); // all different by 0.3
    for (const options of [{}, { axes: [1] }, { axes: [0, 2], keepDims: true }, { axes: [-1] }]) {
      await checkGradient(`${name} ${JSON.stringify(options)}`, [[2, 3, 4]], (_, [x]) => op(x!, options), { values: [spaced] });
    }
    await checkGradient(`${name}, then against x`, [[2, 3, 4]], (_, [x]) => mul(x!, op(x!, { axes: [2], keepDims: true })), { values: [spaced] });
  });

  test("variance: expansions of small gradients", async () => {
    await checkGradient("variance", [[2, 3, 4]], (_, [x]) => mean(square(sub(x!, mean(x!, { axes: [2], keepDims: true }))), { axes: [2] }));
  });

  test("softmax and logSumExp", async () => {
    await checkGradient("softmax last", [[3, 5]], (_, [x]) => softmax(x!, -1));
    await checkGradient("softmax first", [[3, 5]], (_, [x]) => softmax(x!, 0));
    await checkGradient("logSumExp", [[3, 5]], (_, [x]) => logSumExp(x!, 1));
    await checkGradient("logSumExp kept", [[3, 5]], (_, [x]) => sub(x!, logSumExp(x!, 1, true)));
    await checkGradient("logSoftmax", [[3, 5]], (_, [x]) => logSoftmax(x!, 1));
  });

  test("cumSum", async () => {
    await checkGradient("cumSum", [[3, 5]], (_, [x]) => square(cumSum(x!, 1)));
    await checkGradient("cumSum from the end", [[3, 5]], (_, [x]) => square(cumSum(x!, 0, true)));
  });

  test("second derivative of a length", async () => {
    await checkGradient("l2Norm, second", [[3, 4]], (_, [x]) => gradient(sum(square(l2Norm(x!, { axes: [1] }))), [x!])[0]!);
    await checkGradient("penalty on a gradient's length", [[3, 4]], (_, [x]) => l2Norm(gradient(sum(mul(square(x!), x!)), [x!])[0]!, { axes: [1] }), { step: 3e-3 });
  });
});

describe("gradients of layout operators", () => {
  test("reshape, transpose, expand", async () => {
    await checkGradient("reshape", [[2, 3, 4]], (_, [x]) => square(reshape(reshape(x!, [6, -1]), [4, 6])));
    await checkGradient("transpose", [[2, 3, 4]], (_, [x]) => square(transpose(x!, [2, 0, 1])));
    await checkGradient("expand", [[3, 1]], (_, [x]) => square(expand(x!, [2, 3, 4])));
    await checkGradient("expand of a scalar", [[]], (_, [x]) => expand(x!, [2, 3]));
    await checkGradient("tile", [[2, 3]], (_, [x]) => square(mul(tile(x!, [2, 3]), Math.PI)));
  });

  test("concat and split", async () => {
    await checkGradient("concat", [[2, 3], [2, 1], [2, 4]], (_, xs) => square(concat(xs, 1)));
    await checkGradient("split, one part unused", [[2, 9]], (_, [x]) => {
      const [a, , c] = split(x!, [3, 2, 4], -1);
      return concat([square(c!), a!], 1);
    });
  });

  test("slices", async () => {
    const cuts: [number, number, number?][] = [[1, 5], [-3, 100], [0, 7, 2], [1, 6, 3], [-1, -Infinity, -1], [5, 0, -2], [6, 1, -3]];
    for (const [start, end, step] of cuts) {
      await checkGradient(`slice ${start}:${end}:${step ?? 1}`, [[2, 7, 3]], (_, [x]) => square(slice(x!, 1, start, end, step)));
    }
    await checkGradient("flip", [[2, 7]], (_, [x]) => square(flip(x!, 1)));
    await checkGradient("pad", [[2, 3]], (_, [x]) => square(pad(x!, [[1, 0], [2, 3]], 0.5)));
  });

  test("slices of one value: apart, overlapping, along different axes", async () => {
    await checkGradient("apart", [[10]], (_, [x]) => concat([square(slice(x!, 0, 7, 9)), slice(x!, 0, 1, 4)], 0));
    await checkGradient("overlapping", [[10]], (_, [x]) => concat([square(slice(x!, 0, 2, 9)), slice(x!, 0, 1, 4), x!], 0));
    await checkGradient("two axes", [[4, 4]], (_, [x]) => add(square(slice(x!, 0, 1, 2)), slice(x!, 1, 2, 3)));
  });

  test("a vector cut into many slices gets its gradient from one Concat", () => {
    const graph = new Graph();
    const theta = graph.input("theta", [40]);
    const parts = Array.from({ length: 20 }, (_, i) => square(slice(theta, 0, 2 * i, 2 * i + 2)));
    const [grad] = gradient(sum(concat(parts, 0)), [theta]);
    graph.output("grad", grad!);
    const { nodes } = graph.toModel().graph;
    expect(nodes.filter((n) => n.op === "Concat" && n.name.startsWith("gradient/"))).toHaveLength(1);
    expect(nodes.filter((n) => n.op === "Pad")).toHaveLength(0);
  });

  test("gather", async () => {
    await checkGradient("gather permutation", [[4, 3]], (_, [x]) => square(gather(x!, [2, 0, 3, 1], 0)));
    await checkGradient("gather some", [[2, 5, 2]], (_, [x]) => square(gather(x!, [4, 1], 1)));
    await checkGradient("gather repeated", [[2, 5, 2]], (_, [x]) => square(gather(x!, [4, 1, 4, 4], 1)));
    await checkGradient("gather by value", [[2, 5, 3]], (g, [x]) => {
      const index = add(g.constant([[4, 1], [4, 0]].flat(), [2, 2], "int64"), g.constant([0], [], "int64"));
      return square(gather(x!, index, 1));
    });
  });

  test("gatherElements and scatterAdd", async () => {
    const index = [1, 1, 0, 2, 1, 0];
    await checkGradient("gatherElements", [[3, 3]], (g, [x]) => square(gatherElements(x!, g.constant(index, [2, 3], "int64"), 0)));
    await checkGradient("scatterAdd", [[3, 3], [2, 3]], (g, [x, u]) => square(scatterAdd(x!, g.constant(index, [2, 3], "int64"), u!, 0)));
  });

  test("matmul", async () => {
    await checkGradient("matmul", [[3, 4], [4, 5]], (_, [a, b]) => matmul(a!, b!));
    await checkGradient("matmul batched", [[2, 3, 4], [2, 4, 5]], (_, [a, b]) => matmul(a!, b!));
    await checkGradient("matmul shared matrix", [[2, 2, 3, 4], [4, 5]], (_, [a, b]) => matmul(a!, b!));
    await checkGradient("matmul shared left", [[3, 4], [2, 4, 5]], (_, [a, b]) => matmul(a!, b!));
    await checkGradient("matmul broadcast", [[2, 1, 3, 4], [3, 4, 2]], (_, [a, b]) => matmul(a!, b!));
  });
});
