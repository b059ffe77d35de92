/** What the position encoder is told of a frame: where the head is and what brows and eyes do, never lips. */
import { upperFace } from "../base/points.js";
import type { FaceFrame } from "./face-frame.js";
import { anglesOf, placePoints, type RigidPose } from "./rigid-pose.js";

export const positionSize = 6 + 2 * upperFace.length;

/** Displacement of brows, eyes and irises from the face's own rest shape, in centimetres of the crop's axes [U, 2]. */
export function upperFaceMotion(frame: FaceFrame, rest: Float32Array): Float32Array {
  const base = placePoints(rest, frame.pose);
  const out = new Float32Array(2 * upperFace.length);
  upperFace.forEach((point, i) => {
    out[2 * i] = (frame.points[3 * point]! - base[2 * point]!) / frame.pose.scale;
    out[2 * i + 1] = (frame.points[3 * point + 1]! - base[2 * point + 1]!) / frame.pose.scale;
  });
  return out;
}

/** The position vector [D]: angles, translation, scale (each about unit size), then the upper-face displacements. */
export function positionVector(pose: RigidPose, motion: Float32Array, size: number): Float32Array {
  const { yaw, pitch, roll } = anglesOf(pose);
  const out = new Float32Array(positionSize);
  out.set([yaw * 3, pitch * 3, roll * 3, (pose.translation[0] / size - 0.5) * 8, (pose.translation[1] / size - 0.5) * 8, Math.log((pose.scale * 24) / size) * 4]);
  for (let i = 0; i < motion.length; i++) out[6 + i] = motion[i]! * 3;
  return out;
}
