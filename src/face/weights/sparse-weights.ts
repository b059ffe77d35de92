/**
 * TFLite's block-sparse tensors (SparsityParameters in schema.fbs; the format of the TACO compiler): dimensions in traversal order, each
 * dense or compressed, the last ones being the positions inside a block.
 */
import { TalkfaceError } from "../../base/errors.js";
import type { FlatTable } from "./flatbuffer.js";

interface Dimension {
  /** Number of entries of a dense dimension. */
  readonly size: number;
  /** Of a compressed dimension: entries of parent p are indices[segments[p] .. segments[p+1]). */
  readonly compressed: { readonly segments: readonly number[]; readonly indices: readonly number[] } | null;
}

/** Spreads the stored values over a zero tensor of the given shape. */
export function denseFromSparse(values: Float32Array, shape: readonly number[], sparsity: FlatTable): Float32Array {
  const order = sparsity.int32s(0);
  const blockMap = sparsity.int32s(1);
  const dimensions = sparsity.tables(2).map(readDimension);
  const rank = shape.length;
  const blockSize = shape.map(() => 1);
  blockMap.forEach((axis, i) => (blockSize[axis] = dimensions[rank + i]!.size));

  const dense = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const position = dimensions.map(() => 0);
  let used = 0;
  const visit = (level: number, parent: number): void => {
    const dimension = dimensions[level];
    if (dimension === undefined) {
      dense[offsetOf(position)] = values[used++]!;
    } else if (dimension.compressed === null) {
      for (let i = 0; i < dimension.size; i++) {
        position[level] = i;
        visit(level + 1, parent * dimension.size + i);
      }
    } else {
      const { segments, indices } = dimension.compressed;
      for (let k = segments[parent]!; k < segments[parent + 1]!; k++) {
        position[level] = indices[k]!;
        visit(level + 1, k);
      }
    }
  };
  const offsetOf = (place: readonly number[]): number => {
    const index = shape.map(() => 0);
    order.forEach((axis, level) => {
      const target = axis < rank ? axis : blockMap[axis - rank]!;
      index[target] = index[target]! + place[level]! * (axis < rank ? blockSize[axis]! : 1);
    });
    return index.reduce((offset, at, axis) => offset * shape[axis]! + at, 0);
  };
  visit(0, 0);
  if (used !== values.length) throw new TalkfaceError("internal", `internal: sparse tensor used ${used} of ${values.length} values.`);
  return dense;
}

function readDimension(table: FlatTable): Dimension {
  const dense = table.int8(0) === 0;
  return {
    size: table.int32(1),
    compressed: dense ? null : { segments: readIndices(table, 2), indices: readIndices(table, 4) },
  };
}

/** A union of integer vectors: its type at `field`, the vector's table after it. */
function readIndices(table: FlatTable, field: number): number[] {
  const vector = table.table(field + 1);
  if (vector === null) throw new TalkfaceError("internal", "internal: compressed dimension without indices.");
  const width = table.int8(field);
  if (width === 1) return vector.int32s(0);
  return width === 2 ? vector.uint16s(0) : [...vector.bytes(0)];
}
