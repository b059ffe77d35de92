/** Movement of lips and chin in the face's own axes, so that turning and nodding do not look like talking. */
import { TalkfaceError } from "../base/errors.js";
import { stablePoints } from "../face/pose.js";
import { FaceAxes, inEyeSpans } from "./face-axes.js";

export const lipsProtocol =
  "outer-lip opening: mean height of 50-58, 51-57, 52-56 in the axes of a 3-D similarity fit on stable points, over the clip's median distance of the outer eye corners; Pearson per clip";
export const chinProtocol = "chin: place of point 8 below the stable points in the axes of the same fit, over the same eye distance; Pearson per clip";

const lipPairs = [[50, 58], [51, 57], [52, 56]] as const;
const chinPoint = 8;

export interface MouthSeries {
  /** [T] outer-lip opening, in eye distances. */
  readonly lips: Float32Array;
  /** [T] how far the chin lies below the middle of the stable points, in eye distances. */
  readonly chin: Float32Array;
}

/**
 * Opening and chin of T frames. `meshes`: [478,3] each, any pixels, z in the same unit. Lengths are divided by the fit's scale per frame
 * and by the median eye distance of the clip, because the corners themselves move with blinks. Some nodding stays in, because meshes bend
 * with it and cameras have perspective (real clips: |r| with pitch 0.27 for lips, 0.53 for the chin): read both beside foreign speech.
 */
export function mouthSeries(meshes: readonly Float32Array[]): MouthSeries {
  const frames = meshes.map(measureMouth);
  if (frames.length === 0) throw new TalkfaceError("internal", "internal: mouthSeries: no frames.");
  const spans = frames.map((frame) => frame.eyes);
  return { lips: inEyeSpans(frames.map((frame) => frame.lips), spans), chin: inEyeSpans(frames.map((frame) => frame.chin), spans) };
}

/** Of one face, in canonical centimetres. */
export interface MouthMeasure {
  readonly lips: number;
  readonly chin: number;
  /** Distance of the outer eye corners. */
  readonly eyes: number;
}

/** Opening, chin and eye distance of a mesh [478,3]. */
export function measureMouth(mesh: Float32Array): MouthMeasure {
  const face = new FaceAxes(mesh);
  return { lips: face.meanHeight(lipPairs), chin: face.below(face.middleOfVertices(stablePoints.keys()), face.point(chinPoint)), eyes: face.eyeSpan() };
}
