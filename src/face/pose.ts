/** Head pose: the similarity in space that takes the canonical face to the mesh, by points that expressions and speech leave in place. */
import { TalkfaceError } from "../base/errors.js";

export interface HeadPose {
  /** Radians about the vertical axis, positive when the nose turns to the right of the picture. */
  readonly yaw: number;
  /** Radians about the horizontal axis, positive when the nose goes down; carries an offset that depends on the camera. */
  readonly pitch: number;
  /** Radians in the picture, positive when the head tilts counter-clockwise as seen. */
  readonly roll: number;
  /** Row-major 3x3, canonical axes (x right, y up, z towards the viewer) to the picture's with y up: Rz(roll) Ry(yaw) Rx(pitch). */
  readonly rotation: Float64Array;
  /** Source pixels per centimetre of the canonical face. */
  readonly scale: number;
  /** Where the canonical origin lies, source pixels. */
  readonly translation: readonly [x: number, y: number];
}

/**
 * Mesh vertices with their places in the canonical face (cm; MediaPipe's canonical_face_model, Apache-2.0): eye corners, nose bridge and
 * tip, forehead, temples, cheek bones. Lips, jaw, brows and lower cheeks move and are left out.
 */
export const stablePoints: ReadonlyMap<number, readonly [x: number, y: number, z: number]> = new Map([
  [33, [-4.446, 2.664, 3.173]], [263, [4.446, 2.664, 3.173]], // outer eye corners
  [133, [-1.856, 2.585, 3.758]], [362, [1.856, 2.585, 3.758]],
  [168, [0, 3.271, 5.236]], [6, [0, 2.473, 5.789]], [197, [0, 1.728, 6.317]], [195, [0, 1.059, 6.775]], [5, [0, 0.366, 7.243]], [4, [0, -0.463, 7.587]],
  [10, [0, 8.262, 4.482]], [151, [0, 6.545, 5.027]], [9, [0, 4.886, 5.385]],
  [67, [-3.524, 8.006, 3.729]], [297, [3.524, 8.006, 3.729]],
  [103, [-5.133, 7.486, 2.66]], [332, [5.133, 7.486, 2.66]],
  [54, [-6.279, 6.615, 1.426]], [284, [6.279, 6.615, 1.426]],
  [127, [-7.743, 2.365, -2.005]], [356, [7.743, 2.365, -2.005]],
  [117, [-5.259, 0.946, 2.974]], [346, [5.259, 0.946, 2.974]],
]);

/** Fits the canonical face to `points` [>= 468, 3] of a mesh (any pixels). Horn 1987; weak perspective. */
export function fitPose(points: Float32Array): HeadPose {
  const count = stablePoints.size;
  const from = new Float64Array(3);
  const to = new Float64Array(3);
  for (const [vertex, place] of stablePoints) {
    for (let axis = 0; axis < 3; axis++) {
      from[axis] = from[axis]! + place[axis]! / count;
      to[axis] = to[axis]! + upright(points, vertex, axis) / count;
    }
  }
  const covariance = new Float64Array(9);
  let fromSpread = 0;
  let toSpread = 0;
  for (const [vertex, place] of stablePoints) {
    for (let r = 0; r < 3; r++) {
      const a = place[r]! - from[r]!;
      fromSpread += a * a;
      toSpread += (upright(points, vertex, r) - to[r]!) ** 2;
      for (let c = 0; c < 3; c++) covariance[3 * r + c] = covariance[3 * r + c]! + a * (upright(points, vertex, c) - to[c]!);
    }
  }
  const scale = Math.sqrt(toSpread / fromSpread);
  if (!(scale > 0) || !Number.isFinite(scale)) throw new TalkfaceError("internal", "internal: fitPose: the mesh's points coincide or are not finite.");
  const rotation = rotationOf(covariance);
  const turned = (row: number): number => rotation[3 * row]! * from[0]! + rotation[3 * row + 1]! * from[1]! + rotation[3 * row + 2]! * from[2]!;
  return {
    yaw: Math.asin(Math.min(1, Math.max(-1, -rotation[6]!))),
    pitch: Math.atan2(rotation[7]!, rotation[8]!),
    roll: Math.atan2(rotation[3]!, rotation[0]!),
    rotation,
    scale,
    translation: [to[0]! - scale * turned(0), -(to[1]! - scale * turned(1))],
  };
}

/** A mesh coordinate with y up and z towards the viewer, as in the canonical face. */
function upright(points: Float32Array, vertex: number, axis: number): number {
  const value = points[3 * vertex + axis]!;
  return axis === 0 ? value : -value;
}

/** The rotation that best turns the first point set to the second, from their covariance [3,3]: Horn's quaternion. */
function rotationOf(s: Float64Array): Float64Array {
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = s as unknown as readonly [number, number, number, number, number, number, number, number, number];
  const [w, x, y, z] = dominantVector([
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, zz - xx - yy],
  ]);
  return Float64Array.of(
    1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
    2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
    2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
  );
}

type Vector4 = [number, number, number, number];

/**
 * Unit eigenvector of the largest eigenvalue of a symmetric matrix [4,4], by repeated squaring: after n rounds the others are
 * suppressed by the 2^n-th power of their ratio, so that thirty rounds settle everything but an exact tie.
 */
function dominantVector(matrix: readonly Vector4[]): Vector4 {
  const bound = Math.max(...matrix.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
  let power = matrix.map((row, r) => row.map((value, c) => value + (r === c ? bound : 0))); // all eigenvalues >= 0
  for (let round = 0; round < 30; round++) {
    const trace = power.reduce((sum, row, r) => sum + row[r]!, 0);
    const scaled = power.map((row) => row.map((value) => value / trace));
    power = scaled.map((row) => scaled.map((_, c) => row.reduce((sum, value, k) => sum + value * scaled[k]![c]!, 0)));
  }
  // Every column is the vector times one of its components; the largest component is the safest.
  const best = [0, 1, 2, 3].reduce((a, b) => (power[b]![b]! > power[a]![a]! ? b : a));
  const column = power.map((row) => row[best]!);
  const length = Math.hypot(...column);
  return column.map((value) => value / length) as Vector4;
}
