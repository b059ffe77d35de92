/** How far two heads are turned apart. */
import { fitPose } from "../face/pose.js";

export const poseErrorProtocol = "pose-error: yaw, pitch, roll (Rz Ry Rx) of a 3-D similarity fit of the canonical face on points that expressions leave in place; absolute differences in degrees, mean over frames, pose-error the mean of the three";

/** Absolute differences in degrees, 0..180. */
export interface PoseError {
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
}

/** Of two meshes [478,3], each in any pixels. */
export function poseError(a: Float32Array, b: Float32Array): PoseError {
  const [p, q] = [fitPose(a), fitPose(b)];
  return { yaw: apart(p.yaw, q.yaw), pitch: apart(p.pitch, q.pitch), roll: apart(p.roll, q.roll) };
}

/** The shorter way round between two angles in radians, in degrees. */
function apart(a: number, b: number): number {
  const degrees = Math.abs(((a - b) * 180) / Math.PI) % 360;
  return Math.min(degrees, 360 - degrees);
}
