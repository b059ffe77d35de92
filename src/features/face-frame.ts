/** A face in one aligned crop, as the systems see it: model points with depth and the rigid pose. */
import { extraPoints, ibugCount, mirror, modelPointCount } from "../base/points.js";
import { to68 } from "../face/landmarks.js";
import { fitPose, stablePoints } from "../face/pose.js";
import { mirrorPose, poseBetween, type RigidPose, rigidPose, unplacePoints } from "./rigid-pose.js";

export interface FaceFrame {
  /** Model points [L, 3] in crop pixels, z away from the camera. */
  readonly points: Float32Array;
  readonly pose: RigidPose;
  /** Depth of the face's origin in crop pixels. */
  readonly depth: number;
}

/** From a mesh [478, 3] in crop pixels. */
export function faceFrame(mesh: Float32Array): FaceFrame {
  const points = new Float32Array(modelPointCount * 3);
  points.set(to68(mesh, 3));
  extraPoints.forEach(({ vertex }, i) => points.set(mesh.subarray(3 * vertex, 3 * vertex + 3), 3 * (ibugCount + i)));
  const pose = rigidPose(fitPose(mesh));
  return { points, pose, depth: originDepth(mesh, pose) };
}

/** Where the canonical origin lies in depth, by the points that the pose was fitted to. */
function originDepth(mesh: Float32Array, { rotation, scale }: RigidPose): number {
  const [x, y, z] = rotation.slice(6) as [number, number, number];
  let sum = 0;
  for (const [vertex, place] of stablePoints) sum += mesh[3 * vertex + 2]! + scale * (x * place[0] + y * place[1] + z * place[2]);
  return sum / stablePoints.size;
}

/** The face in the mirrored crop. */
export function mirrorFace({ points, pose, depth }: FaceFrame, size: number): FaceFrame {
  const out = new Float32Array(points.length);
  for (let i = 0; i < modelPointCount; i++) {
    const j = 3 * (mirror[i] as number);
    out[3 * i] = size - points[j]!;
    out[3 * i + 1] = points[j + 1]!;
    out[3 * i + 2] = points[j + 2]!;
  }
  return { points: out, pose: mirrorPose(pose, size), depth };
}

/** The face at an instant between two frames that follow each other, `share` of the way from a to b. */
export function faceBetween(a: FaceFrame, b: FaceFrame, share: number): FaceFrame {
  return { points: a.points.map((value, i) => value + share * (b.points[i]! - value)), pose: poseBetween(a.pose, b.pose, share), depth: a.depth + share * (b.depth - a.depth) };
}

/** A face's own points [L, 3] in centimetres of its axes. */
export function ownShape({ points, pose, depth }: FaceFrame): Float32Array {
  return unplacePoints(points, pose, depth);
}

/** The face at rest: per-coordinate median over frames of the face's own points [L, 3] in centimetres. */
export function faceAtRest(frames: readonly FaceFrame[]): Float32Array {
  const own = frames.map(ownShape);
  const out = new Float32Array(modelPointCount * 3);
  const column = new Float32Array(own.length);
  for (let i = 0; i < out.length; i++) {
    own.forEach((shape, k) => (column[k] = shape[i]!));
    column.sort();
    const middle = column.length >> 1;
    out[i] = column.length % 2 === 1 ? column[middle]! : (column[middle - 1]! + column[middle]!) / 2;
  }
  return out;
}

/** Points [L, 3] without their depth [L, 2]. */
export function planar(points: Float32Array): Float32Array {
  const out = new Float32Array((points.length / 3) * 2);
  for (let i = 0, o = 0; i < points.length; i += 3, o += 2) {
    out[o] = points[i]!;
    out[o + 1] = points[i + 1]!;
  }
  return out;
}
