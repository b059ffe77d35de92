/** Operators and forms of them that ONNX files hold, one node each. */
import { Random } from "../../src/base/random.js";
import { sizeOf } from "../../src/graph/shape.js";
import { normals } from "./gradcheck.js";
import { integers, tensor, type Attributes, type NodeInput } from "./one-node.js";

export type Case = readonly [op: string, inputs: readonly NodeInput[], attributes?: Attributes, options?: { opset?: number; outputs?: number }];

export const map = [2, 3, 5, 6];
export const vector = (n: number, seed = 3): NodeInput => tensor([...normals(new Random(seed), n)]);
export const positive = (n: number): NodeInput => tensor([...normals(new Random(4), n)].map((x) => 0.5 + Math.abs(x)));
const weight = (...shape: number[]): NodeInput => tensor([...normals(new Random(5), sizeOf(shape))], shape);

const elementwise: Case[] = [
  ...["Abs", "Neg", "Exp", "Sin", "Cos", "Tanh", "Sigmoid", "Softplus", "Softsign", "Relu", "LeakyRelu", "Elu", "Selu", "HardSigmoid", "HardSwish", "Erf", "Sign", "Floor", "Ceil", "Round", "Reciprocal", "Identity", "Dropout"].map((op): Case => [op, [map]]),
  ["Mish", [map], {}, { opset: 18 }],
  ["Sqrt", [positive(6)]],
  ["Log", [positive(6)]],
  ["LeakyRelu", [map], { alpha: { float: 1.5 } }],
  ["Elu", [map], { alpha: { float: 0.7 } }],
  ["Selu", [map], { alpha: { float: 1.2 }, gamma: { float: 0.9 } }],
  ["HardSigmoid", [map], { alpha: { float: 1 / 6 } }],
  ["Round", [tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, 8388609])]],
  ["PRelu", [map, weight(3, 1, 1)]],
  ...["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"].map((op): Case => [op, [map, [3, 1, 6]]]),
  ...["Max", "Min", "Sum", "Mean"].map((op): Case => [op, [map, [6], [5, 1]]]),
  ["Pow", [map, tensor([2], [])]],
  ["Pow", [map, tensor([3], [1], "int64")]],
  ["Clip", [map, tensor([-0.5], []), tensor([0.5], [])]],
  ["Clip", [map, null, tensor([0.5], [])]],
  ["Clip", [map, tensor([-0.5], [])]],
  ["Clip", [map]],
  ["Dropout", [map, tensor([0.5], [])]],
  ["Dropout", [map, tensor([0], []), tensor([1], [], "bool")]],
];

const bits = (...values: readonly number[]): NodeInput => tensor(values, [values.length], "bool");
const logic: Case[] = [
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"].flatMap((op): Case[] => [
    [op, [map, [3, 1, 6]]],
    [op, [tensor([1, 2, 3]), tensor([3, 2, 1])]],
    [op, [integers(1, 2, 3), integers(2)]],
  ]),
  ...["And", "Or", "Xor"].map((op): Case => [op, [bits(0, 0, 1, 1), bits(0, 1, 0, 1)]]),
  ["Not", [bits(0, 1)]],
  ["Where", [bits(1, 0, 1, 0, 0, 1), map, [5, 1]]],
  ["Where", [bits(1, 0), integers(5, 6), integers(7)]],
  ...[1, 6, 7, 9].map((to): Case => ["Cast", [tensor([-1.5, 0, 0.75, 3])], { to }]),
  ["Cast", [map], { to: 7 }],
  ["Cast", [bits(0, 1)], { to: 1 }],
  ["CastLike", [map, integers(1)]],
  ["ArgMax", [map]],
  ["ArgMax", [map], { axis: -1, keepdims: 0 }],
  ["ArgMin", [map], { axis: 2 }],
  ["Shape", [map]],
  ["Shape", [map], { start: 1, end: -1 }],
  ["Size", [map]],
  ["ConstantOfShape", [integers(2, 3)]],
  ["ConstantOfShape", [integers(2)], { value: tensor([7], [1], "int64") }],
];

const layout: Case[] = [
  ["Reshape", [map, integers(0, -1, 6)]],
  ["Flatten", [map]],
  ["Flatten", [map], { axis: 4 }],
  ["Flatten", [map], { axis: -1 }],
  ["Transpose", [map]],
  ["Transpose", [map], { perm: [0, 2, 3, 1] }],
  ["Squeeze", [[1, 3, 1]], { axes: [0] }, { opset: 11 }],
  ["Squeeze", [[1, 3, 1], integers(-1)]],
  ["Squeeze", [[1, 3, 1]]],
  ["Unsqueeze", [[3, 4]], { axes: [0, -1] }, { opset: 12 }],
  ["Unsqueeze", [[3, 4], integers(2, 0)]],
  ["Concat", [map, [2, 1, 5, 6]], { axis: -3 }],
  ["Split", [map, integers(1, 2)], { axis: 1 }, { outputs: 2 }],
  ["Split", [map], { axis: 1, split: [2, 1] }, { opset: 11, outputs: 2 }],
  ["Split", [map], { axis: 3 }, { outputs: 3 }],
  ["Split", [map], { axis: 2, num_outputs: 2 }, { opset: 18, outputs: 2 }],
  ["Slice", [map, integers(1, -1), integers(100, -5), integers(2, 3), integers(1, -2)]],
  ["Slice", [map, integers(-1), integers(-(2 ** 40)), integers(3), integers(-1)]],
  ["Slice", [map, integers(0, 1), integers(1, 3)]],
  ["Expand", [[3, 1], integers(2, 1, 4)]],
  ["Tile", [[2, 3], integers(2, 1)]],
  ["Pad", [map, integers(0, 0, 1, 2, 0, 0, 0, 3), tensor([0.5], [])]],
  ["Pad", [map, integers(0, 0, -1, 2, 0, 0, -2, -1)]],
  ["Pad", [map, integers(0, 0, 2, 2, 0, 0, 1, 3)], { mode: "reflect" }],
  ["Pad", [map, integers(0, 0, 2, 2, 0, 0, 1, 3)], { mode: "edge" }],
  ["Pad", [map, integers(2, 1), null, integers(-1)], {}, { opset: 18 }],
  ["DepthToSpace", [[1, 8, 2, 3]], { blocksize: 2 }],
  ["DepthToSpace", [[1, 8, 2, 3]], { blocksize: 2, mode: "CRD" }],
  ["SpaceToDepth", [[1, 2, 4, 6]], { blocksize: 2 }],
  ["Gather", [map, tensor([0, -1], [2, 1], "int64")], { axis: 1 }],
  ["GatherElements", [[2, 3], tensor([0, -1, 1, 2], [2, 2], "int64")], { axis: 1 }],
  ["ScatterElements", [[2, 3], tensor([0, -1, 0, 2], [2, 2], "int64"), [2, 2]], { axis: 1, reduction: "add" }],
];

const reductions: Case[] = [
  ...["ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSumSquare"].flatMap((op): Case[] => [
    [op, [map], { axes: [1, -1], keepdims: 0 }],
    [op, [map]],
    [op, [map, integers(-1)], {}, { opset: 18 }],
    [op, [map], { noop_with_empty_axes: 1 }, { opset: 18 }],
  ]),
  ["ReduceSum", [map], { axes: [2] }, { opset: 11 }],
  ["ReduceSum", [map, integers(0, 2)], { keepdims: 0 }],
  ["ReduceLogSum", [positive(6)]],
  ["Softmax", [map], { axis: 1 }],
  ["Softmax", [map], { axis: 2 }, { opset: 11 }],
  ["LogSoftmax", [map]],
  ["LogSoftmax", [map], {}, { opset: 12 }],
  ["CumSum", [map, tensor([-1], [], "int64")]],
  ["CumSum", [map, tensor([1], [], "int64")], { exclusive: 1, reverse: 1 }],
];

const windows: Case[] = [
  ["Conv", [map, weight(4, 3, 3, 3), vector(4)], { pads: [1, 0, 0, 2], strides: [2, 1], kernel_shape: [3, 3] }],
  ["Conv", [map, weight(3, 1, 2, 2)], { group: 3, dilations: [2, 1] }],
  ["Conv", [[2, 3, 9], weight(4, 3, 4)], { auto_pad: "SAME_UPPER", strides: [2] }],
  ["Conv", [map, weight(2, 3, 2, 2)], { auto_pad: "SAME_LOWER" }],
  ["ConvTranspose", [map, weight(3, 2, 3, 3), vector(2)], { strides: [2, 2], pads: [1, 1, 0, 1], output_padding: [1, 0] }],
  ["ConvTranspose", [map, weight(3, 2, 3, 3)], { strides: [2, 2], output_shape: [10, 12] }],
  ["ConvTranspose", [map, weight(3, 2, 3, 3)], { strides: [2, 2], auto_pad: "SAME_UPPER" }],
  ["MaxPool", [map], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }],
  ["MaxPool", [map], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
  ["MaxPool", [map], { kernel_shape: [3, 3], auto_pad: "SAME_UPPER", strides: [2, 2] }],
  ["AveragePool", [map], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }],
  ["AveragePool", [map], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], count_include_pad: 1 }],
  ["AveragePool", [map], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
  ["AveragePool", [map], { kernel_shape: [3, 3], auto_pad: "SAME_LOWER" }],
  ["GlobalAveragePool", [map]],
  ["GlobalMaxPool", [map]],
];

export const scales = (h: number, w: number): NodeInput => tensor([1, 1, h, w]);
const sampling: Case[] = [
  ...["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].flatMap((coordinates): Case[] => [
    ...["linear", "cubic"].map((mode): Case => ["Resize", [map, null, scales(1.7, 2)], { mode, coordinate_transformation_mode: coordinates }]),
    ...["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].map((mode): Case => ["Resize", [map, null, scales(2, 1.5)], { nearest_mode: mode, coordinate_transformation_mode: coordinates }]),
    ["Resize", [map, null, null, integers(2, 3, 3, 13)], { mode: "linear", coordinate_transformation_mode: coordinates }],
  ]),
  ["Resize", [map, null, scales(2, 3)], { nearest_mode: "floor", coordinate_transformation_mode: "asymmetric" }],
  ["Resize", [map, tensor([]), scales(2, 2)], { mode: "linear" }],
  ["Resize", [map, null, null, integers(1, 3)], { mode: "linear", axes: [2, 3] }, { opset: 18 }],
  ["GridSample", [map, [2, 4, 3, 2]], { align_corners: 1, padding_mode: "border" }, { opset: 16 }],
  ["GridSample", [map, [2, 4, 3, 2]]],
];

const networks: Case[] = [
  ["Gemm", [[4, 3], [3, 5], [5]]],
  ["Gemm", [[3, 4], weight(5, 3), vector(5)], { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }],
  ["MatMul", [[2, 4, 3], [3, 5]]],
  ["MatMul", [[3], [2, 3, 5]]],
  ["MatMul", [[2, 4, 3], [3]]],
  ["MatMul", [[3], [3]]],
  ["BatchNormalization", [map, vector(3), vector(3, 9), vector(3, 8), positive(3)], { epsilon: { float: 1e-3 } }],
  ["BatchNormalization", [map, vector(3), vector(3, 9), vector(3, 8), positive(3)], { momentum: { float: 0.9 } }, { opset: 11 }],
  ["InstanceNormalization", [map, vector(3), vector(3, 9)]],
  ["GroupNormalization", [[2, 4, 5, 6], vector(2), vector(2, 9)], { num_groups: 2, epsilon: { float: 1e-3 } }, { opset: 18 }],
  ["LayerNormalization", [map, vector(6), vector(6, 9)]],
  ["LayerNormalization", [map, weight(5, 6)], { axis: 2, epsilon: { float: 0.1 } }, { outputs: 3 }],
  ["LSTM", [[4, 2, 3], weight(1, 8, 3), weight(1, 8, 2), weight(1, 16)], { hidden_size: 2 }, { outputs: 3 }],
  ["LSTM", [[4, 2, 3], weight(2, 8, 3), weight(2, 8, 2), null, null, [2, 2, 2], [2, 2, 2]], { hidden_size: 2, direction: "bidirectional", activations: ["Sigmoid", "Tanh", "Tanh", "Sigmoid", "Tanh", "Tanh"] }, { outputs: 3 }],
  ["GRU", [[4, 2, 3], weight(1, 6, 3), weight(1, 6, 2), weight(1, 12)], { hidden_size: 2, linear_before_reset: 1 }, { outputs: 2 }],
  ["GRU", [[4, 2, 3], weight(1, 6, 3), weight(1, 6, 2), weight(1, 12), tensor([4, 4], [2], "int32")], { hidden_size: 2, direction: "reverse" }, { outputs: 2 }],
];

export const nodeCases: Readonly<Record<string, readonly Case[]>> = { elementwise, logic, layout, reductions, windows, sampling, networks };
