/** Where the elements of a moved tensor come from: lists of positions in the source's row-major order. */
import { sizeOf, sliceLength } from "../shape.js";

/** Elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, i) => sizeOf(shape.slice(i + 1)));
}

/** The positions start + Σ index·stride of a block of the shape. */
export function positions(shape: readonly number[], strides: readonly number[], start = 0): number[] {
  let at = [start];
  shape.forEach((n, i) => (at = at.flatMap((p) => Array.from({ length: n }, (_, k) => p + k * strides[i]!))));
  return at;
}

/** Source positions of a tensor of shape `from` broadcast to the shape `to`. */
export function broadcastPositions(from: readonly number[], to: readonly number[]): number[] {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  return positions(to, to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : strides[i - lead]!)));
}

export function transposedPositions(shape: readonly number[], perm: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return positions(perm.map((axis) => shape[axis]!), perm.map((axis) => strides[axis]!));
}

/** Source positions of start, start + step, … along an axis. */
export function slicedPositions(shape: readonly number[], axis: number, start: number, end: number, step: number): number[] {
  const strides = stridesOf(shape);
  return positions(shape.with(axis, sliceLength(start, end, step)), strides.with(axis, strides[axis]! * step), start * strides[axis]!);
}

/** Source positions of the elements at the indices along an axis. */
export function gatheredPositions(shape: readonly number[], axis: number, indices: readonly number[]): number[] {
  const strides = stridesOf(shape);
  const before = positions(shape.slice(0, axis), strides.slice(0, axis));
  const after = positions(shape.slice(axis + 1), strides.slice(axis + 1));
  return before.flatMap((b) => indices.flatMap((i) => after.map((a) => b + i * strides[axis]! + a)));
}
