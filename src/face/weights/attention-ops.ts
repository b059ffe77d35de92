/**
 * The three custom operators of MediaPipe's attention mesh in standard ONNX. They cut lips and eyes out of an inner feature map,
 * upright and scaled, and bring the refined points back. Defined in mediapipe/util/tflite/operations (Apache-2.0):
 * landmarks_to_transform_matrix.cc, transform_tensor_bilinear.cc (version 2), transform_landmarks.cc.
 */
import { TalkfaceError } from "../../base/errors.js";
import { readFlexbuffer, type FlexValue } from "./flexbuffer.js";
import type { TfliteConversion } from "./tflite-conversion.js";
import type { OperatorRule } from "./tflite-ops.js";
import type { TfliteOperator } from "./tflite.js";

export const attentionRules: Readonly<Record<string, OperatorRule>> = {
  Landmarks2TransformMatrix: landmarksToMatrix,
  TransformTensorBilinear: transformTensor,
  TransformLandmarks: transformLandmarks,
};

/**
 * Landmarks [1,L,3] -> matrix [1,4,4] that takes places in the cut-out to places in the feature map: the smallest upright box, after
 * turning, of a subset of landmarks, enlarged. The turn is the direction from the left to the right rotation landmark.
 */
function landmarksToMatrix(operator: TfliteOperator, c: TfliteConversion): void {
  const g = c.writer;
  const options = new Options(operator);
  if (options.number("target_rotation_radians") !== 0) throw new TalkfaceError("internal", "internal: turned cut-outs are not supported.");
  const subset = options.list("subset_idxs");
  const width = options.number("output_width");
  const height = options.number("output_height");

  const xy = g.node("Slice", [c.asIs(operator.inputs[0]!), g.integers([0]), g.integers([2]), g.integers([2])]); // [1,L,2]
  const point = (index: number): string =>
    g.node("Reshape", [g.node("Gather", [xy, g.integers([index])], { axis: 1 }), g.integers([2])]);
  const across = g.node("Sub", [point(options.number("right_rotation_idx")), point(options.number("left_rotation_idx"))]);
  const length = g.node("Sqrt", [g.node("ReduceSum", [g.node("Mul", [across, across])], { keepdims: 1 })]);
  const unit = g.node("Div", [across, length]); // (cos, sin)
  const cosine = g.node("Slice", [unit, g.integers([0]), g.integers([1]), g.integers([0])]);
  const sine = g.node("Slice", [unit, g.integers([1]), g.integers([2]), g.integers([0])]);
  // Points are rows: p · turn makes them upright, p · turnᵀ undoes it; as a matrix for columns, `turn` is the undoing one.
  const entries = g.node("Concat", [cosine, g.node("Neg", [sine]), sine, cosine], { axis: 0 });
  const turn = g.node("Reshape", [entries, g.integers([2, 2])]);

  const chosen = g.node("Reshape", [g.node("Gather", [xy, g.integers(subset)], { axis: 1 }), g.integers([subset.length, 2])]);
  const upright = g.node("MatMul", [chosen, turn]);
  const high = g.node("ReduceMax", [upright], { axes: [0], keepdims: 1 });
  const low = g.node("ReduceMin", [upright], { axes: [0], keepdims: 1 });
  const middle = g.node("Mul", [g.node("Add", [high, low]), g.floats([0.5])]); // [1,2]
  const centre = g.node("MatMul", [middle, g.node("Transpose", [turn], { perm: [1, 0] })]); // [1,2]
  const perPixel = g.floats([options.number("scale_x") / width, options.number("scale_y") / height], [1, 2]);
  const scale = g.node("Mul", [g.node("Sub", [high, low]), perPixel]);

  const linear = g.node("Mul", [turn, scale]); // [2,2], columns scaled
  const toCorner = g.floats([-width / 2, -height / 2], [2, 1]);
  const shift = g.node("Add", [g.node("Transpose", [centre], { perm: [1, 0] }), g.node("MatMul", [linear, toCorner])]); // [2,1]
  const top = g.node("Concat", [linear, g.floats([0, 0], [2, 1]), shift], { axis: 1 });
  const bottom = g.floats([0, 0, 1, 0, 0, 0, 0, 1], [2, 4]);
  const matrix = g.node("Reshape", [g.node("Concat", [top, bottom], { axis: 0 }), g.integers([1, 4, 4])]);
  c.set(operator.outputs[0]!, matrix, "as-is");
}

/** Samples a feature map [1,H,W,C] through a matrix [1,4,4], bilinear at half-pixel centres, zeros outside. */
function transformTensor(operator: TfliteOperator, c: TfliteConversion): void {
  const g = c.writer;
  const options = new Options(operator);
  const [, height, width] = c.pictureShape(operator.inputs[0]!);
  const outHeight = options.number("output_height");
  const outWidth = options.number("output_width");
  const count = outHeight * outWidth;
  const centres = new Float32Array(4 * count); // columns (x, y, 0, 1)
  for (let i = 0; i < count; i++) {
    centres[i] = (i % outWidth) + 0.5;
    centres[count + i] = Math.floor(i / outWidth) + 0.5;
    centres[3 * count + i] = 1;
  }
  const rows = g.node("Reshape", [firstTwoRows(operator.inputs[1]!, c), g.integers([2, 4])]);
  const places = g.node("MatMul", [rows, g.floats(centres, [4, count])]); // [2,N] in pixels of the map
  // GridSample's coordinates run from -1 to 1 over the map's outer edges.
  const relative = g.node("Sub", [g.node("Mul", [places, g.floats([2 / width, 2 / height], [2, 1])]), g.floats([1])]);
  const grid = g.node("Reshape", [g.node("Transpose", [relative], { perm: [1, 0] }), g.integers([1, outHeight, outWidth, 2])]);
  const sampled = g.node("GridSample", [c.channelsFirst(operator.inputs[0]!), grid], {
    mode: "bilinear",
    padding_mode: "zeros",
    align_corners: 0,
  });
  c.set(operator.outputs[0]!, sampled, "channels-first");
}

/** Landmarks [1,N,2] through a matrix [1,4,4]. */
function transformLandmarks(operator: TfliteOperator, c: TfliteConversion): void {
  const g = c.writer;
  const rows = firstTwoRows(operator.inputs[1]!, c);
  const linear = g.node("Slice", [rows, g.integers([0]), g.integers([2]), g.integers([2])]); // [1,2,2]
  const shift = g.node("Slice", [rows, g.integers([3]), g.integers([4]), g.integers([2])]); // [1,2,1]
  const turned = g.node("MatMul", [c.asIs(operator.inputs[0]!), g.node("Transpose", [linear], { perm: [0, 2, 1] })]);
  c.set(operator.outputs[0]!, g.node("Add", [turned, g.node("Transpose", [shift], { perm: [0, 2, 1] })]), "as-is");
}

function firstTwoRows(matrix: number, c: TfliteConversion): string {
  const g = c.writer;
  return g.node("Slice", [c.asIs(matrix), g.integers([0]), g.integers([2]), g.integers([1])]);
}

/** Named options of a custom operator. */
class Options {
  readonly #kind: string;
  readonly #values: FlexValue;

  constructor(operator: TfliteOperator) {
    this.#kind = operator.kind;
    this.#values = readFlexbuffer(operator.customOptions);
  }

  number(name: string): number {
    const value = this.#get(name);
    if (typeof value !== "number") throw this.#missing(name);
    return value;
  }

  /** A list of numbers; nested lists are joined. */
  list(name: string): number[] {
    const value = this.#get(name);
    if (!Array.isArray(value)) throw this.#missing(name);
    return (value as readonly FlexValue[]).flat(4).map((entry) => {
      if (typeof entry !== "number") throw this.#missing(name);
      return entry;
    });
  }

  #get(name: string): FlexValue | undefined {
    const values = this.#values;
    return typeof values === "object" && !Array.isArray(values) ? (values as { readonly [key: string]: FlexValue })[name] : undefined;
  }

  #missing(name: string): TalkfaceError {
    return new TalkfaceError("internal", `internal: ${this.#kind} without a proper option "${name}".`);
  }
}
