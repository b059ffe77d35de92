/** What the audio-lip expert sees of a mouth. */
import { speechPoints } from "../base/points.js";
import type { FaceFrame } from "./face-frame.js";
import { placePoints } from "./rigid-pose.js";

export const mouthMotionWidth = 2 * speechPoints.length;

/** Displacement of lips, jaw and lower cheeks from the face's own rest shape [L, 3], the head's motion taken out: [2 S] in centimetres of the crop's axes. */
export function mouthMotion({ points, pose }: FaceFrame, rest: Float32Array): Float32Array {
  const base = placePoints(rest, pose);
  const out = new Float32Array(mouthMotionWidth);
  speechPoints.forEach((point, i) => {
    out[2 * i] = (points[3 * point]! - base[2 * point]!) / pose.scale;
    out[2 * i + 1] = (points[3 * point + 1]! - base[2 * point + 1]!) / pose.scale;
  });
  return out;
}
