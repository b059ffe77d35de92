/** Element types: bytes, typed arrays, raw little-endian data. */
import { TalkfaceError } from "../base/errors.js";
import type { Dtype } from "./onnx.js";

export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array;

/** Bytes and array classes; bool is one byte, float16 travels as its bits in Uint16Array. */
const layouts = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

type Layout = (typeof layouts)[keyof typeof layouts];

/** The array class that carries elements of this type. */
export function arrayClass(dtype: Dtype): Layout {
  const layout = (layouts as Partial<Record<string, Layout>>)[dtype];
  if (layout === undefined) throw new TalkfaceError("graph", `element type ${dtype} is not supported here. Use ${Object.keys(layouts).join(", ")}.`);
  return layout;
}

/** An array of `length` zeros. */
export function zerosArray(dtype: Dtype, length: number): TypedArray {
  return new (arrayClass(dtype))(length);
}

/** Converts plain numbers to an array of the type. */
export function arrayOf(dtype: Dtype, numbers: readonly number[]): TypedArray {
  if (dtype === "int64") return BigInt64Array.from(numbers, (x) => BigInt(x));
  if (dtype === "uint64") return BigUint64Array.from(numbers, (x) => BigInt(x));
  if (dtype === "float16") throw new TalkfaceError("graph", "float16 constants are given as their bits in a Uint16Array, not as numbers.");
  const array = zerosArray(dtype, numbers.length) as Exclude<TypedArray, BigInt64Array | BigUint64Array>;
  array.set(numbers);
  return array;
}

/** Raw bytes as an array of the type; copied, because the bytes need not be aligned. */
export function fromBytes(dtype: Dtype, bytes: Uint8Array): TypedArray {
  const layout = arrayClass(dtype);
  if (bytes.byteLength % layout.BYTES_PER_ELEMENT !== 0) {
    throw new TalkfaceError("bad-model", `${bytes.byteLength} bytes are no whole number of ${dtype} elements.`);
  }
  return new layout(bytes.slice().buffer);
}

export function toBytes(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function isFloat(dtype: Dtype): boolean {
  return dtype === "float32" || dtype === "float16" || dtype === "float64";
}
