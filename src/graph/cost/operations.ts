/**
 * Arithmetic of a node: additions, multiplications and functions of one number (exp, tanh, …) count one each, so a
 * multiply-add counts two. Moving and converting elements counts nothing.
 */
import type { DraftNode } from "../passes/draft.js";
import { sizeOf } from "../shape.js";

/** Operations of one element, by operator: of the output, or of the first input where `inputs` says so. */
const perOutput: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    (
      "Abs Add And Ceil Clip Cos CumSum Div Elu Equal Erf Exp Floor Greater GreaterOrEqual HardSigmoid LeakyRelu Less LessOrEqual Log Max Min Mod Mul " +
      "Neg Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Sub Tanh Where"
    ).split(" ").map((op) => [op, 1]),
  ),
  BatchNormalization: 2, // one multiply-add, scale and shift made once a channel
  HardSwish: 4,
  GridSample: 7, // four products, three sums
  InstanceNormalization: 7, // mean, difference, square and its mean, product with the inverse, scale, shift
  LayerNormalization: 7,
  Softmax: 5, // largest, difference, exp, sum, quotient
};

const perInput: Readonly<Record<string, number>> = {
  ArgMax: 1, GlobalAveragePool: 1, GlobalMaxPool: 1, ReduceL1: 2, ReduceL2: 2, ReduceLogSumExp: 4, ReduceMax: 1, ReduceMean: 1, ReduceMin: 1, ReduceSum: 1, ReduceSumSquare: 2,
};

export function operationsOf(node: DraftNode): number {
  const { op, inputs, outputs, attributes } = node;
  const [x, w] = inputs.map(({ shape }) => shape);
  const y = outputs[0]!.shape;
  const kernel = attributes["kernel_shape"]?.kind === "ints" ? sizeOf(attributes["kernel_shape"].value) : 1;
  const bias = inputs.length > 2 ? sizeOf(y) : 0;
  switch (op) {
    case "Conv": // every output element: a multiply-add for each element of its window
      return 2 * sizeOf(y) * sizeOf(w!.slice(1)) + bias;
    case "ConvTranspose": // every input element: a multiply-add for each element that it spreads to
      return 2 * sizeOf(x!) * sizeOf(w!.slice(1)) + bias;
    case "MatMul":
      return 2 * sizeOf(y) * x!.at(-1)!;
    case "AveragePool":
    case "MaxPool":
      return sizeOf(y) * kernel;
    case "Resize": // repetition moves; between pixel centres three interpolations of a multiply-add and a difference
      return attributes["mode"]?.kind === "string" && attributes["mode"].value === "linear" ? 9 * sizeOf(y) : 0;
    case "ScatterElements":
      return sizeOf(inputs[2]!.shape);
    case "LSTM":
    case "GRU":
      return recurrent(node);
    default:
      return sizeOf(y) * (perOutput[op] ?? 0) + (x === undefined ? 0 : sizeOf(x)) * (perInput[op] ?? 0);
  }
}

/** Two products and their biases, then about five operations a gate. */
function recurrent({ inputs }: DraftNode): number {
  const [x, w, r] = inputs.map(({ shape }) => shape) as [readonly number[], readonly number[], readonly number[]];
  const rows = sizeOf(w.slice(0, 2)); // directions · gates · H
  return x[0]! * x[1]! * rows * (2 * x[2]! + 2 * r[2]! + 5);
}
