/** PyTorch's gradients of networks made of most layers and losses. */
import { expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { elu, gelu, prelu, selu, softsign } from "../../src/graph/ops/activation.js";
import { add } from "../../src/graph/ops/arithmetic.js";
import { padEdge, padReflect } from "../../src/graph/ops/border.js";
import { concat, reshape, slice, tile, transpose } from "../../src/graph/ops/layout.js";
import { pixelShuffle, pixelUnshuffle } from "../../src/graph/ops/pixel-shuffle.js";
import { globalAveragePool, globalMaxPool, maxPool } from "../../src/graph/ops/pool.js";
import { cumSum, l1Norm, l2Norm, logSoftmax, mean } from "../../src/graph/ops/reduce.js";
import { resizeBilinearTo } from "../../src/graph/ops/resize.js";
import type { Value } from "../../src/graph/value.js";
import { multiHead, selfAttention } from "../../src/nn/attention.js";
import { convGru } from "../../src/nn/conv-gru.js";
import { klDivergence, sampleGaussian } from "../../src/nn/distributions.js";
import { convLayer, convTransposeLayer, embedding, linear } from "../../src/nn/layers.js";
import { binaryCrossEntropy, confusion, crossEntropy, leastSquaresGenerator, marginContrastive, totalVariation } from "../../src/nn/losses.js";
import { adaptiveInstanceNorm } from "../../src/nn/modulation.js";
import { batchNorm, groupNorm, instanceNorm, layerNorm } from "../../src/nn/norms.js";
import { declareParams, initialValues, type Params, paramsFromVector } from "../../src/nn/params.js";
import { gru, lstm } from "../../src/nn/recurrent.js";
import { stateFromVector } from "../../src/nn/state.js";
import { normals } from "../support/gradcheck.js";
import { findTorch, gradientInTorch } from "../support/torch-check.js";

const python = findTorch();

type Inputs = (graph: Graph) => readonly Value[];

function errorOf(inputs: Inputs, build: (p: Params, inputs: readonly Value[]) => readonly Value[]): number {
  const table = declareParams((p) => build(p, inputs(p.graph)));
  const graph = new Graph();
  const theta = graph.input("theta", [table.size]);
  const state = stateFromVector(graph.constant(initialValues(table.state, 1), [table.state.size]), table.state, "training");
  const loss = build(paramsFromVector(theta, table, state), inputs(graph)).reduce((total, part) => add(total, part));
  graph.output("loss", loss);
  graph.output("grad", gradient(loss, [theta])[0]!);
  // away from the initial values, so that scales of 1 and biases of 0 hide nothing
  const values = normals(new Random(5), table.size).map((x) => x * 0.2);
  return gradientInTorch(python!, "composite", graph.toModel(), { theta: values }).relativeError;
}

test.skipIf(python === null)("pictures: norms, borders, shuffles, pools, attention (skipped where python3 has no torch and onnx)", () => {
  const inputs: Inputs = (graph) => [graph.input("image", [2, 3, 12, 12]), graph.input("style", [2, 5])];
  const error = errorOf(inputs, (p, [image, style]) => {
    const stem = elu(batchNorm(p, "batch", convLayer(p, "stem", padReflect(image!, [[0, 0], [0, 0], [3, 3], [3, 3]]), { out: 8, kernel: 7, pad: 0 }))); // [2, 8, 12, 12]
    const down = gelu(groupNorm(p, "group", convLayer(p, "down", pixelUnshuffle(stem, 2), { out: 16, kernel: 3, spectral: true }), { groups: 4 })); // [2, 16, 6, 6]
    const pooled = selu(instanceNorm(p, "instance", maxPool(down, 3, 2, 1))); // [2, 16, 3, 3]
    const styled = selfAttention(p, "attention", prelu(adaptiveInstanceNorm(p, "style", pooled, style!), p.get("slopes", [16, 1, 1], { kind: "constant", value: 0.2 })));
    const up = softsign(convTransposeLayer(p, "up", styled, { out: 12, kernel: 4, stride: 2, pad: 1 })); // [2, 12, 6, 6]
    const picture = add(pixelShuffle(up, 2), padEdge(resizeBilinearTo(convLayer(p, "small", styled, { out: 3, kernel: 1 }), [7, 10]), [[0, 0], [0, 0], [2, 3], [0, 2]])); // [2, 3, 12, 12]
    const summary = reshape(concat([globalAveragePool(styled), globalMaxPool(down)], 1), [2, 32]);
    return [totalVariation(picture), binaryCrossEntropy(linear(p, "score", summary, { out: 1 }), 0.9), leastSquaresGenerator(picture), mean(l2Norm(picture, { axes: [1] }))];
  });
  expect(error).toBeLessThan(1e-4);
});

test.skipIf(python === null)("sequences: recurrence, embeddings, latent codes, losses (skipped where python3 has no torch and onnx)", () => {
  const inputs: Inputs = (graph) => [graph.input("speech", [2, 4, 6]), graph.input("phonemes", [2, 4], "int64"), graph.input("noise", [2, 4]), graph.input("maps", [2, 3, 4, 5, 5])];
  const error = errorOf(inputs, (p, [speech, phonemes, noise, maps]) => {
    const both = concat([speech!, embedding(p, "phonemes", phonemes!, { count: 5, width: 3 })], 2);
    const read = layerNorm(p, "layer", gru(p, "gru", lstm(p, "lstm", both, { hidden: 5, layers: 2, bidirectional: true }), { hidden: 8, bidirectional: true })); // [2, 4, 16]
    const seen = multiHead(p, "attention", read, { heads: 4 });
    const code = linear(p, "code", reshape(slice(seen, 1, -1, Infinity), [2, 16]), { out: 8 });
    const posterior = { mean: slice(code, 1, 0, 4), logVariance: slice(code, 1, 4, 8) };
    const drawn = sampleGaussian(posterior, noise!);
    const memory = convGru(p, "memory", maps!, { hidden: 3, kernel: 3, dilation: 2 }); // [2, 3, 3, 5, 5]
    const paths = cumSum(tile(transpose(memory, [0, 2, 1, 3, 4]), [1, 1, 2, 1, 1]), 2, true);
    const scores = linear(p, "words", drawn, { out: 5 });
    const same = speech!.graph.constant([1, 0], [2]);
    return [
      crossEntropy(scores, speech!.graph.constant([3, 1], [2], "int64")),
      confusion(linear(p, "people", drawn, { out: 4 })),
      klDivergence(posterior),
      marginContrastive(drawn, linear(p, "video", slice(scores, 1, 0, 4), { out: 4 }), same),
      mean(l1Norm(paths, { axes: [1] })),
      mean(logSoftmax(scores, 1)),
    ];
  });
  expect(error).toBeLessThan(1e-4);
});
