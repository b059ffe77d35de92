/** From the 478-point mesh to the 68 iBUG points, and openings measured on these. Point ranges and mirror pairs: base/points.ts. */
import { ibugCount } from "../base/points.js";

/** Mesh vertices of points 17-67: brows, nose, eyes, outer lips, inner lips. */
const vertices: readonly number[] = [
  70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
  168, 197, 5, 4, 75, 97, 2, 326, 305,
  33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
  61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
  78, 82, 13, 312, 308, 317, 14, 87,
];

/** The mesh's contour from ear to ear; the chin is in the middle. */
const contour: readonly number[] = [
  127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356,
];
const chin = contour.indexOf(152);
const jawCount = 17;

/**
 * 68 points [L=68, axes] of a mesh [>= 468, 3], in the same pixels; `axes` 3 keeps the depth. The jaw's points divide each half of the contour evenly with the chin
 * fixed: no vertices lie where iBUG's annotators put them. On turned heads the contour is the jaw bone, not the visible outline.
 */
export function to68(points: Float32Array, axes: 2 | 3 = 2): Float32Array {
  const out = new Float32Array(ibugCount * axes);
  const lengths = new Float64Array(contour.length); // along the contour, from the first vertex
  for (let i = 1; i < contour.length; i++) {
    const a = 3 * contour[i - 1]!;
    const b = 3 * contour[i]!;
    lengths[i] = lengths[i - 1]! + Math.hypot(points[b]! - points[a]!, points[b + 1]! - points[a + 1]!);
  }
  const half = (jawCount - 1) / 2;
  const toChin = lengths[chin]!;
  const whole = lengths[contour.length - 1]!;
  for (let k = 0, j = 1; k < jawCount; k++) {
    const target = k <= half ? (toChin * k) / half : toChin + ((whole - toChin) * (k - half)) / half;
    while (j < contour.length - 1 && lengths[j]! < target) j++;
    const before = lengths[j - 1]!;
    const share = (target - before) / (lengths[j]! - before || 1);
    const a = 3 * contour[j - 1]!;
    const b = 3 * contour[j]!;
    for (let axis = 0; axis < axes; axis++) out[axes * k + axis] = points[a + axis]! + (points[b + axis]! - points[a + axis]!) * share;
  }
  vertices.forEach((vertex, i) => {
    for (let axis = 0; axis < axes; axis++) out[axes * (jawCount + i) + axis] = points[3 * vertex + axis]!;
  });
  return out;
}

/**
 * How far the mouth is open, of 68 points [L,2]: height between the outer lips' edges over the distance of the outer eye corners, about
 * 0.2 for closed lips. The outer lips are used because the mesh tends to keep the inner ones shut while the mouth opens a little.
 */
export function lipOpening(landmarks: Float32Array): number {
  const height = (distance(landmarks, 50, 58) + distance(landmarks, 51, 57) + distance(landmarks, 52, 56)) / 3;
  return height / eyeDistance(landmarks);
}

/** Mean over both eyes of height over width: about 0.3 open, below 0.15 shut (Soukupová & Čech 2016). */
export function eyeOpening(landmarks: Float32Array): number {
  const eye = (first: number): number =>
    (distance(landmarks, first + 1, first + 5) + distance(landmarks, first + 2, first + 4)) / (2 * distance(landmarks, first, first + 3));
  return (eye(36) + eye(42)) / 2;
}

/** Distance of the outer eye corners of 68 points, the usual yardstick for landmark errors. */
export function eyeDistance(landmarks: Float32Array): number {
  return distance(landmarks, 36, 45);
}

function distance(landmarks: Float32Array, a: number, b: number): number {
  return Math.hypot(landmarks[2 * a]! - landmarks[2 * b]!, landmarks[2 * a + 1]! - landmarks[2 * b + 1]!);
}
