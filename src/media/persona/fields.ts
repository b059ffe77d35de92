/**
 * Smooth displacement fields over the face mesh. A field is given at a few handle vertices and is harmonic in between (each other
 * vertex is the mean of its neighbours), so that it follows the skin and not the space: the lips part although they touch.
 */
export type Handles = ReadonlyMap<number, readonly number[]>;

export interface FaceGraph {
  readonly count: number;
  /** Neighbours of vertex i: `list[start[i]] .. list[start[i + 1] - 1]`. */
  readonly start: Int32Array;
  readonly list: Int32Array;
}

/** Neighbourhood over the given triangles [F,3]. */
export function faceGraph(count: number, triangles: ArrayLike<number>): FaceGraph {
  const sets = Array.from({ length: count }, () => new Set<number>());
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      const a = triangles[t + k]!;
      sets[a]!.add(triangles[t + ((k + 1) % 3)]!).add(triangles[t + ((k + 2) % 3)]!);
    }
  }
  const start = new Int32Array(count + 1);
  sets.forEach((set, i) => (start[i + 1] = start[i]! + set.size));
  return { count, start, list: Int32Array.from(sets.flatMap((set) => [...set])) };
}

/** Solves for the field [count, dims] by successive over-relaxation; handles keep their values. */
export function harmonicField(graph: FaceGraph, handles: Handles, dims: number): Float32Array {
  const { count, start, list } = graph;
  const field = new Float64Array(count * dims);
  for (const [i, value] of handles) for (let d = 0; d < dims; d++) field[i * dims + d] = value[d]!;
  const relaxation = 1.7;
  for (let sweep = 0; sweep < 160; sweep++) {
    for (let i = 0; i < count; i++) {
      const from = start[i]!;
      const to = start[i + 1]!;
      if (from === to || handles.has(i)) continue;
      for (let d = 0; d < dims; d++) {
        let sum = 0;
        for (let n = from; n < to; n++) sum += field[list[n]! * dims + d]!;
        const at = i * dims + d;
        field[at] = field[at]! + relaxation * (sum / (to - from) - field[at]!);
      }
    }
  }
  return Float32Array.from(field);
}
