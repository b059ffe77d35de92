/** A face in one aligned crop, as the systems see it: model points with depth and the rigid pose. */
import { extraPoints, ibugCount, mirror, modelPointCount } from "../base/points.js";
import { to68 } from "../face/landmarks.js";
import { fitPose } from "../face/pose.js";
import { mirrorPose, type RigidPose, rigidPose, unplacePoints } from "./rigid-pose.js";

export interface FaceFrame {
  /** Model points [L, 3] in crop pixels, z away from the camera. */
  readonly points: Float32Array;
  readonly pose: RigidPose;
}

/** From a mesh [478, 3] in crop pixels; `canonical` is face/canonical.ts's [468, 3]. */
export function faceFrame(mesh: Float32Array, canonical: Float32Array): FaceFrame {
  const points = new Float32Array(modelPointCount * 3);
  points.set(to68(mesh, 3));
  extraPoints.forEach(({ vertex }, i) => points.set(mesh.subarray(3 * vertex, 3 * vertex + 3), 3 * (ibugCount + i)));
  return { points, pose: rigidPose(fitPose(mesh, canonical)) };
}

/** The face in the mirrored crop. */
export function mirrorFace({ points, pose }: FaceFrame, size: number): FaceFrame {
  const out = new Float32Array(points.length);
  for (let i = 0; i < modelPointCount; i++) {
    const j = 3 * (mirror[i] as number);
    out[3 * i] = size - points[j]!;
    out[3 * i + 1] = points[j + 1]!;
    out[3 * i + 2] = points[j + 2]!;
  }
  return { points: out, pose: mirrorPose(pose, size) };
}

/** The face at rest: per-coordinate median over frames of the face's own points [L, 3] in centimetres. */
export function faceAtRest(frames: readonly FaceFrame[]): Float32Array {
  const own = frames.map((frame) => unplacePoints(frame.points, frame.pose));
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

/** Points [L, 2] in crop pixels. */
export function planar(points: Float32Array): Float32Array {
  const out = new Float32Array((points.length / 3) * 2);
  for (let i = 0, o = 0; i < points.length; i += 3, o += 2) {
    out[o] = points[i]!;
    out[o + 1] = points[i + 1]!;
  }
  return out;
}
