/** Distances in a face's own axes, so that turning and nodding do not look like expression. */
import { to68 } from "../face/landmarks.js";
import { fitPose } from "../face/pose.js";

export type Place = readonly [x: number, y: number, z: number];

/** One mesh [478,3] in any pixels, z in the same unit, by a 3-D similarity fit on points that expressions leave in place. Lengths are canonical centimetres. */
export class FaceAxes {
  readonly #mesh: Float32Array;
  readonly #points: Float32Array;
  readonly #rotation: Float64Array;
  readonly #scale: number;

  constructor(mesh: Float32Array) {
    this.#mesh = mesh;
    this.#points = to68(mesh, 3);
    ({ rotation: this.#rotation, scale: this.#scale } = fitPose(mesh));
  }

  /** Place of one of the 68 points, in pixels. */
  point(i: number): Place {
    return [this.#points[3 * i]!, this.#points[3 * i + 1]!, this.#points[3 * i + 2]!];
  }

  /** The middle of some of the 68 points, in pixels. */
  middle(points: Iterable<number>): Place {
    return middleOf(Array.from(points, (i) => this.point(i)));
  }

  /** The middle of vertices of the mesh, in pixels. */
  middleOfVertices(vertices: Iterable<number>): Place {
    return middleOf(Array.from(vertices, (i): Place => [this.#mesh[3 * i]!, this.#mesh[3 * i + 1]!, this.#mesh[3 * i + 2]!]));
  }

  /** How far `b` lies below `a` along the face's vertical axis. */
  below(a: Place, b: Place): number {
    // That axis is the rotation's second column; y and z of the mesh point down and away.
    const [x, y, z] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    return -(this.#rotation[1]! * x - this.#rotation[4]! * y - this.#rotation[7]! * z) / this.#scale;
  }

  /** Mean over pairs of the 68 points of how far the second lies below the first. */
  meanHeight(pairs: readonly (readonly [upper: number, lower: number])[]): number {
    return pairs.reduce((sum, [upper, lower]) => sum + this.below(this.point(upper), this.point(lower)), 0) / pairs.length;
  }

  /** Distance of the outer eye corners. */
  eyeSpan(): number {
    const [a, b] = [this.point(36), this.point(45)];
    return Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]) / this.#scale;
  }
}

/** Lengths of a clip's frames in the clip's median eye distance: per frame the corners themselves move with blinks. */
export function inEyeSpans(lengths: readonly number[], eyeSpans: readonly number[]): Float32Array {
  const eyes = median(eyeSpans);
  return Float32Array.from(lengths, (length) => length / eyes);
}

function middleOf(places: readonly Place[]): Place {
  const sum = [0, 0, 0];
  for (const place of places) for (let axis = 0; axis < 3; axis++) sum[axis]! += place[axis]! / places.length;
  return sum as unknown as Place;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
