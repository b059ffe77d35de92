/** Landmark distances. Figures of different landmarkers or crops cannot be compared: the protocol names both. */
import { ibug, span, type Range } from "../base/points.js";
import { eyeDistance } from "../face/landmarks.js";

export const mouthDistanceProtocol = "mouth landmark distance: MediaPipe attention mesh, two passes, 20 mouth points less their centroid, mean over points and frames, px of a 128 px crop";
export const mouthDistanceShareProtocol = "mouth landmark distance over the distance of the real face's outer eye corners, per frame";

const mouth: readonly number[] = span([ibug.outerLips[0], ibug.innerLips[1]]);

/** Mean distance of the mouth's 20 points of two faces [L=68,2], each less its centroid, in the unit of the points. */
export function mouthDistance(a: Float32Array, b: Float32Array): number {
  return centredDistance(a, b, mouth);
}

/** As `mouthDistance`, over the distance of the outer eye corners of `real`. */
export function mouthDistanceShare(real: Float32Array, made: Float32Array): number {
  return mouthDistance(real, made) / eyeDistance(real);
}

/** As `mouthDistance` for any range of the 68 points. */
export function rangeDistance(a: Float32Array, b: Float32Array, range: Range): number {
  return centredDistance(a, b, span(range));
}

function centredDistance(a: Float32Array, b: Float32Array, points: readonly number[]): number {
  let [dx, dy] = [0, 0];
  for (const i of points) {
    dx += (a[2 * i]! - b[2 * i]!) / points.length;
    dy += (a[2 * i + 1]! - b[2 * i + 1]!) / points.length;
  }
  return points.reduce((sum, i) => sum + Math.hypot(a[2 * i]! - b[2 * i]! - dx, a[2 * i + 1]! - b[2 * i + 1]! - dy), 0) / points.length;
}
