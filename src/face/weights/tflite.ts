/**
 * TFLite files as plain values. Field and operator numbers: tensorflow/lite/schema/schema.fbs. Only the operators that the face
 * networks use have a name.
 */
import { TalkfaceError } from "../../base/errors.js";
import { FlatTable } from "./flatbuffer.js";
import { denseFromSparse } from "./sparse-weights.js";

export interface TfliteConstant {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Null for values computed at run time. Half floats are widened, sparse weights made dense. */
  readonly constant: TfliteConstant | null;
}

export interface TfliteOperator {
  readonly kind: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: FlatTable | null;
  readonly customOptions: Uint8Array;
}

export interface TfliteModel {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const operatorNames = new Map([
  [0, "Add"],
  [2, "Concatenation"],
  [3, "Conv2D"],
  [4, "DepthwiseConv2D"],
  [5, "DepthToSpace"],
  [6, "Dequantize"],
  [17, "MaxPool2D"],
  [18, "Mul"],
  [19, "Relu"],
  [22, "Reshape"],
  [23, "ResizeBilinear"],
  [34, "Pad"],
  [45, "StridedSlice"],
  [54, "PRelu"],
  [124, "Densify"],
]);
const customOperator = 32;

export function readTflite(bytes: Uint8Array): TfliteModel {
  const model = FlatTable.root(bytes);
  const kinds = model.tables(1).map((code) => {
    const number = Math.max(code.int8(0), code.int32(3)); // numbers below 127 once had a field of their own
    const kind = number === customOperator ? code.text(1) : operatorNames.get(number);
    if (kind === undefined) throw new TalkfaceError("internal", `internal: TFLite operator ${number} is not supported.`);
    return kind;
  });
  const buffers = model.tables(4).map((buffer) => buffer.bytes(0));
  const graph = model.tables(2)[0];
  if (graph === undefined) throw new TalkfaceError("internal", "internal: the TFLite file holds no graph.");
  return {
    tensors: graph.tables(0).map((tensor) => {
      const shape = tensor.int32s(0);
      return { name: tensor.text(3), shape, constant: readConstant(tensor, shape, buffers[tensor.uint32(2)]!) };
    }),
    operators: graph.tables(3).map((operator) => ({
      kind: kinds[operator.uint32(0)]!,
      inputs: operator.int32s(1),
      outputs: operator.int32s(2),
      options: operator.table(4),
      customOptions: operator.bytes(5),
    })),
    inputs: graph.int32s(1),
    outputs: graph.int32s(2),
  };
}

function readConstant(tensor: FlatTable, shape: readonly number[], buffer: Uint8Array): TfliteConstant | null {
  if (buffer.length === 0) return null;
  const own = Uint8Array.from(buffer).buffer; // aligned, and no view of the whole file
  const type = tensor.int8(1);
  const sparsity = tensor.table(6);
  switch (type) {
    case 0:
      return { values: new Float32Array(own), shape };
    case 1: {
      const values = widenHalfFloats(new Uint16Array(own));
      return { values: sparsity === null ? values : denseFromSparse(values, shape, sparsity), shape };
    }
    case 2:
      return { values: new Int32Array(own), shape };
    default:
      throw new TalkfaceError("internal", `internal: TFLite element type ${type} is not supported.`);
  }
}

/** IEEE 754 binary16 bit patterns to numbers. */
function widenHalfFloats(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half >> 15 === 1 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
