/** Movement of lips and chin in the face's own axes, so that turning and nodding do not look like talking. */
import { TalkfaceError } from "../base/errors.js";
import { to68 } from "../face/landmarks.js";
import { fitPose, stablePoints } from "../face/pose.js";

export const lipsProtocol =
  "outer-lip opening: mean height of 50-58, 51-57, 52-56 in the axes of a 3-D similarity fit on stable points, over the clip's median distance of the outer eye corners; Pearson per clip";
export const chinProtocol = "chin: place of point 8 below the stable points in the axes of the same fit, over the same eye distance; Pearson per clip";

const lipPairs = [[50, 58], [51, 57], [52, 56]] as const;
const outerEyeCorners = [36, 45] as const;
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
  return seriesOf(meshes.map(measureMouth));
}

/** As `mouthSeries`, of what was measured frame by frame. */
export function seriesOf(frames: readonly MouthMeasure[]): MouthSeries {
  if (frames.length === 0) throw new TalkfaceError("internal", "internal: mouthSeries: no frames.");
  const eyes = median(frames.map((frame) => frame.eyes));
  return { lips: Float32Array.from(frames, (frame) => frame.lips / eyes), chin: Float32Array.from(frames, (frame) => frame.chin / eyes) };
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
  const { rotation, scale } = fitPose(mesh);
  const points = to68(mesh, 3);
  // The face's own vertical axis is the rotation's second column; y and z of the mesh point down and away.
  const below = (x: number, y: number, z: number): number => -(rotation[1]! * x - rotation[4]! * y - rotation[7]! * z) / scale;
  const between = (a: number, b: number): [number, number, number] => [0, 1, 2].map((axis) => points[3 * b + axis]! - points[3 * a + axis]!) as [number, number, number];
  const anchor = [0, 0, 0];
  for (const vertex of stablePoints.keys()) for (let axis = 0; axis < 3; axis++) anchor[axis]! += mesh[3 * vertex + axis]! / stablePoints.size;
  const chin = [0, 1, 2].map((axis) => points[3 * chinPoint + axis]! - anchor[axis]!) as [number, number, number];
  return {
    lips: lipPairs.reduce((sum, [upper, lower]) => sum + below(...between(upper, lower)), 0) / lipPairs.length,
    chin: below(...chin),
    eyes: Math.hypot(...between(...outerEyeCorners)) / scale,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
