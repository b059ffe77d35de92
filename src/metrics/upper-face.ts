/** Movement of the upper face in the face's own axes: how far eyes are open and brows raised. */
import { ibug, span } from "../base/points.js";
import { FaceAxes } from "./face-axes.js";

export const eyesProtocol =
  "eye opening: mean height of 37-41, 38-40, 43-47, 44-46 in the axes of a 3-D similarity fit on stable points, over the clip's median distance of the outer eye corners; Pearson per clip";
export const browsProtocol =
  "brow height: mean height of 17-26 above the middle of the eye corners 36, 39, 42, 45 in the axes of a 3-D similarity fit on stable points, over the clip's median distance of the outer eye corners; Pearson per clip";

const lidPairs = [[37, 41], [38, 40], [43, 47], [44, 46]] as const;
const eyeCorners = [36, 39, 42, 45] as const;
const brows = span(ibug.brows);

/** A length and the distance of the outer eye corners, both in canonical centimetres. */
export interface Measured {
  readonly length: number;
  readonly eyes: number;
}

/** Mean opening of both eyes of a mesh [478,3]. */
export function measureEyes(mesh: Float32Array): Measured {
  const face = new FaceAxes(mesh);
  return { length: face.meanHeight(lidPairs), eyes: face.eyeSpan() };
}

/** Mean height of both brows above the eye corners of a mesh [478,3]. */
export function measureBrows(mesh: Float32Array): Measured {
  const face = new FaceAxes(mesh);
  return { length: face.below(face.middle(brows), face.middle(eyeCorners)), eyes: face.eyeSpan() };
}
