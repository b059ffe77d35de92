/** TFLite's standard operators in ONNX, as far as the face networks use them. Option numbers: schema.fbs. */
import { TalkfaceError } from "../../base/errors.js";
import type { TfliteConversion } from "./tflite-conversion.js";
import type { TfliteOperator } from "./tflite.js";

/** Converts one operator: reads its inputs from the conversion, sets its output there. */
export type OperatorRule = (operator: TfliteOperator, conversion: TfliteConversion) => void;

export const standardRules: Readonly<Record<string, OperatorRule>> = {
  Dequantize: aliasConstant,
  Densify: aliasConstant,
  Conv2D: convert2d,
  DepthwiseConv2D: convertDepthwise,
  MaxPool2D: convertMaxPool,
  Relu: (operator, c) => {
    const { name, layout } = c.any(operator.inputs[0]!);
    c.set(operator.outputs[0]!, c.writer.node("Relu", [name]), layout);
  },
  PRelu: convertPRelu,
  Add: (operator, c) => convertElementwise("Add", operator, c),
  Mul: (operator, c) => convertElementwise("Mul", operator, c),
  Pad: (operator, c) => {
    const pairs = c.constant(operator.inputs[1]!).values; // [axis, before/after], axes B H W C
    const ends = (side: number): number[] => [0, 3, 1, 2].map((axis) => pairs[2 * axis + side]!);
    const pads = c.writer.integers([...ends(0), ...ends(1)]);
    c.set(operator.outputs[0]!, c.writer.node("Pad", [c.channelsFirst(operator.inputs[0]!), pads]), "channels-first");
  },
  ResizeBilinear: convertResize,
  DepthToSpace: (operator, c) => {
    const blocksize = c.options(operator).int32(0);
    const y = c.writer.node("DepthToSpace", [c.channelsFirst(operator.inputs[0]!)], { blocksize, mode: "DCR" });
    c.set(operator.outputs[0]!, y, "channels-first");
  },
  Reshape: (operator, c) => {
    const output = operator.outputs[0]!;
    c.set(output, c.writer.node("Reshape", [c.asIs(operator.inputs[0]!), c.writer.integers(c.shape(output))]), "as-is");
  },
  Concatenation: (operator, c) => {
    const inputs = operator.inputs.map((tensor) => c.asIs(tensor));
    c.set(operator.outputs[0]!, c.writer.node("Concat", inputs, { axis: c.options(operator).int32(0) }), "as-is");
  },
  StridedSlice: convertStridedSlice,
};

function aliasConstant(operator: TfliteOperator, c: TfliteConversion): void {
  c.aliasConstant(operator.inputs[0]!, operator.outputs[0]!);
}

function convert2d(operator: TfliteOperator, c: TfliteConversion): void {
  const [input, weight, bias] = operator.inputs as readonly [number, number, number];
  const options = c.options(operator);
  const { values, shape } = c.constant(weight);
  const [outputs, height, width, inputs] = shape as readonly [number, number, number, number];
  const reordered = new Float32Array(values.length); // [O,H,W,I] -> [O,I,H,W]
  const area = height * width;
  for (let o = 0, from = 0; o < outputs; o++) {
    for (let at = 0; at < area; at++) {
      for (let i = 0; i < inputs; i++) reordered[(o * inputs + i) * area + at] = values[from++]!;
    }
  }
  const strides = [options.int32(2), options.int32(1)] as const;
  const pads = padding([height, width], strides, options.int8(0), operator, c);
  const y = c.writer.node(
    "Conv",
    [c.channelsFirst(input), c.writer.floats(reordered, [outputs, inputs, height, width]), c.writer.floats(c.constant(bias).values)],
    { strides, pads },
  );
  c.set(operator.outputs[0]!, activate(y, options.int8(3), c), "channels-first");
}

function convertDepthwise(operator: TfliteOperator, c: TfliteConversion): void {
  const [input, weight, bias] = operator.inputs as readonly [number, number, number];
  const options = c.options(operator);
  const { values, shape } = c.constant(weight);
  const [, height, width, channels] = shape as readonly [number, number, number, number];
  const reordered = new Float32Array(values.length); // [1,H,W,C] -> [C,1,H,W]
  const area = height * width;
  for (let at = 0, from = 0; at < area; at++) {
    for (let channel = 0; channel < channels; channel++) reordered[channel * area + at] = values[from++]!;
  }
  const strides = [options.int32(2), options.int32(1)] as const;
  const pads = padding([height, width], strides, options.int8(0), operator, c);
  const y = c.writer.node(
    "Conv",
    [c.channelsFirst(input), c.writer.floats(reordered, [channels, 1, height, width]), c.writer.floats(c.constant(bias).values)],
    { group: channels / options.int32(3), strides, pads },
  );
  c.set(operator.outputs[0]!, activate(y, options.int8(4), c), "channels-first");
}

/**
 * slope·x + (1 − slope)·relu(x) instead of ONNX's PRelu, whose CPU kernel branches on every value: with real pictures the attention mesh
 * took 4.2 ms with it and takes 2.1 ms so (points differ by less than 1e-4 px).
 */
function convertPRelu(operator: TfliteOperator, c: TfliteConversion): void {
  const g = c.writer;
  const slope = c.constant(operator.inputs[1]!).values;
  const shape = [slope.length, 1, 1];
  const x = c.channelsFirst(operator.inputs[0]!);
  const positive = g.node("Mul", [g.node("Relu", [x]), g.floats(slope.map((value) => 1 - value), shape)]);
  const linear = g.node("Mul", [x, g.floats(slope, shape)]);
  c.set(operator.outputs[0]!, g.node("Add", [positive, linear]), "channels-first");
}

function convertMaxPool(operator: TfliteOperator, c: TfliteConversion): void {
  const options = c.options(operator);
  const kernel = [options.int32(4), options.int32(3)] as const;
  const strides = [options.int32(2), options.int32(1)] as const;
  const pads = padding(kernel, strides, options.int8(0), operator, c);
  const y = c.writer.node("MaxPool", [c.channelsFirst(operator.inputs[0]!)], { kernel_shape: kernel, strides, pads });
  c.set(operator.outputs[0]!, y, "channels-first");
}

function convertElementwise(op: "Add" | "Mul", operator: TfliteOperator, c: TfliteConversion): void {
  const [left, right] = operator.inputs as readonly [number, number];
  const output = operator.outputs[0]!;
  const activation = operator.options?.int8(0) ?? 0;
  const finish = (inputs: readonly string[]): string => activate(c.writer.node(op, inputs), activation, c);
  if (c.isConstant(right)) {
    const { values, shape } = c.constant(right);
    const { name, layout } = c.any(left);
    if (values.length === 1) c.set(output, finish([name, c.writer.floats(values)]), layout);
    else c.set(output, finish([c.asIs(left), c.writer.floats(values, shape)]), "as-is");
  } else if (c.shape(left).length === 4) {
    c.set(output, finish([c.channelsFirst(left), c.channelsFirst(right)]), "channels-first");
  } else {
    c.set(output, finish([c.asIs(left), c.asIs(right)]), "as-is");
  }
}

function convertResize(operator: TfliteOperator, c: TfliteConversion): void {
  const options = c.options(operator);
  const [, fromHeight, fromWidth] = c.pictureShape(operator.inputs[0]!);
  const [, height, width] = c.pictureShape(operator.outputs[0]!);
  const mode = options.int8(2) !== 0 ? "align_corners" : options.int8(3) !== 0 ? "half_pixel" : "asymmetric";
  const scales = c.writer.floats([1, 1, height / fromHeight, width / fromWidth]);
  const y = c.writer.node("Resize", [c.channelsFirst(operator.inputs[0]!), "", scales], {
    mode: "linear",
    coordinate_transformation_mode: mode,
  });
  c.set(operator.outputs[0]!, y, "channels-first");
}

function convertStridedSlice(operator: TfliteOperator, c: TfliteConversion): void {
  const [input, begin, end, stride] = operator.inputs as readonly [number, number, number, number];
  const options = c.options(operator);
  const shape = c.shape(input);
  // A set bit in the masks means: from the beginning, to the end of that axis.
  const masked = (tensor: number, mask: number, open: readonly number[]): number[] =>
    [...c.constant(tensor).values].map((value, axis) => (((mask >> axis) & 1) === 1 ? open[axis]! : value));
  const starts = masked(begin, options.int32(0), shape.map(() => 0));
  const ends = masked(end, options.int32(1), shape);
  const sliced = c.writer.node("Slice", [
    c.asIs(input),
    c.writer.integers(starts),
    c.writer.integers(ends),
    c.writer.integers(shape.map((_, axis) => axis)),
    c.writer.integers([...c.constant(stride).values]),
  ]);
  const output = operator.outputs[0]!;
  c.set(output, c.writer.node("Reshape", [sliced, c.writer.integers(c.shape(output))]), "as-is");
}

/** [top, left, bottom, right]. TFLite's SAME pads the odd pixel at the bottom and right; VALID (1) pads nothing. */
function padding(
  kernel: readonly [number, number],
  strides: readonly [number, number],
  scheme: number,
  operator: TfliteOperator,
  c: TfliteConversion,
): number[] {
  if (scheme === 1) return [0, 0, 0, 0];
  const [, inHeight, inWidth] = c.pictureShape(operator.inputs[0]!);
  const [, outHeight, outWidth] = c.pictureShape(operator.outputs[0]!);
  const vertical = Math.max(0, (outHeight - 1) * strides[0] + kernel[0] - inHeight);
  const horizontal = Math.max(0, (outWidth - 1) * strides[1] + kernel[1] - inWidth);
  const top = vertical >> 1;
  const left = horizontal >> 1;
  return [top, left, vertical - top, horizontal - left];
}

/** Activation fused into another operator: 0 none, 1 ReLU, 3 ReLU6. */
function activate(value: string, activation: number, c: TfliteConversion): string {
  if (activation === 0) return value;
  if (activation === 1) return c.writer.node("Relu", [value]);
  if (activation === 3) return c.writer.node("Clip", [value, c.writer.floats([0], []), c.writer.floats([6], [])]);
  throw new TalkfaceError("internal", `internal: TFLite activation ${activation} is not supported.`);
}
