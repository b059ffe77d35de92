/** Tensors as the rest of the program sees them: type, shape, typed array. */
import { arrayOf, zerosArray, type TypedArray } from "../graph/dtype.js";
import type { Dtype } from "../graph/onnx.js";
import { sizeOf } from "../graph/shape.js";

export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/**
 * A tensor in the memory of a WebGPU device: an output that a session keeps there (`keepOnDevice`), to be fed to a session of this
 * thread. It holds its memory until `release`. Only a session brings its numbers back (stateful-session.ts).
 */
export interface DeviceTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly location: "device";
  release(): void;
}

/** A float32 tensor of a Float32Array, which is not copied. */
export function floats(data: Float32Array, shape: readonly number[]): Tensor {
  return { dtype: "float32", shape, data };
}

/** A tensor of plain numbers. */
export function tensorOf(dtype: Dtype, numbers: readonly number[], shape: readonly number[]): Tensor {
  return { dtype, shape, data: arrayOf(dtype, numbers) };
}

export function zerosTensor(dtype: Dtype, shape: readonly number[]): Tensor {
  return { dtype, shape, data: zerosArray(dtype, sizeOf(shape)) };
}
