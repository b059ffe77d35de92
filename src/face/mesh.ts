/** Face Mesh with attention (Grishchenko et al. 2020): 478 points from a turned square around a face. */
import type { Image } from "../media/image.js";
import type { Affine } from "../media/transform.js";
import { boxCentre, type Detection } from "./detector.js";
import { ImageNetwork } from "./image-network.js";
import { eyeRimCount, faceVertexCount, leftEyeVertices, lipVertices, meshLength, rightEyeVertices } from "./mesh-parts.js";

export interface FaceMesh {
  /** [478,3] source pixels; z in the same unit, smaller is nearer, zero about the middle of the head. 0-467 face, 468-477 irises. */
  readonly points: Float32Array;
  /** 0..1, how surely there is a face; it says little about how right the points are. */
  readonly presence: number;
}

/** A turned square: centre and side in source pixels, angle in radians from the x axis towards y. */
export interface FaceSquare {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly angle: number;
}

/** Side of the square over the longer side of the face's bounds (MediaPipe's). */
const margin = 1.5;
const outerEyeCorners = [33, 263] as const;

/** Around a detection, upright along its eyes. */
export function squareOfDetection({ box, keypoints }: Detection): FaceSquare {
  return {
    ...boxCentre(box),
    side: margin * Math.max(box.width, box.height),
    angle: Math.atan2(keypoints[3]! - keypoints[1]!, keypoints[2]! - keypoints[0]!),
  };
}

/** Around known points [>= 468, 3]: those of the previous frame, or of a first pass on the same picture. */
export function squareOfMesh(points: Float32Array): FaceSquare {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < faceVertexCount; i++) {
    const x = points[3 * i]!;
    const y = points[3 * i + 1]!;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  const [from, to] = outerEyeCorners;
  return {
    x: (left + right) / 2,
    y: (top + bottom) / 2,
    side: margin * Math.max(right - left, bottom - top),
    angle: Math.atan2(points[3 * to + 1]! - points[3 * from + 1]!, points[3 * to]! - points[3 * from]!),
  };
}

export class MeshNetwork {
  readonly #network: ImageNetwork;

  private constructor(network: ImageNetwork) {
    this.#network = network;
  }

  static async open(): Promise<MeshNetwork> {
    return new MeshNetwork(await ImageNetwork.open("attentionMesh"));
  }

  async run(image: Image, square: FaceSquare): Promise<FaceMesh> {
    const { side } = this.#network;
    const scale = square.side / side;
    const cosine = Math.cos(square.angle) * scale;
    const sine = Math.sin(square.angle) * scale;
    const half = side / 2;
    const toSource: Affine = [cosine, -sine, square.x - (cosine - sine) * half, sine, cosine, square.y - (sine + cosine) * half];
    const outputs = await this.#network.run(image, toSource, { scale: 1 / 255, offset: 0, border: "edge" });

    const points = new Float32Array(meshLength);
    points.set(outputs("mesh"));
    for (const [vertices, refined] of [[lipVertices, outputs("lips")], [leftEyeVertices, outputs("leftEye")], [rightEyeVertices, outputs("rightEye")]] as const) {
      vertices.forEach((vertex, i) => {
        points[3 * vertex] = refined[2 * i]!;
        points[3 * vertex + 1] = refined[2 * i + 1]!;
      });
    }
    addIris(points, outputs("leftIris"), faceVertexCount, leftEyeVertices);
    addIris(points, outputs("rightIris"), faceVertexCount + 5, rightEyeVertices);
    for (let i = 0; i < points.length; i += 3) {
      const x = points[i]!;
      const y = points[i + 1]!;
      points[i] = toSource[0] * x + toSource[1] * y + toSource[2];
      points[i + 1] = toSource[3] * x + toSource[4] * y + toSource[5];
      points[i + 2] = points[i + 2]! * scale;
    }
    return { points, presence: 1 / (1 + Math.exp(-outputs("presence")[0]!)) };
  }
}

/** Centre and four rim points of an iris; the network gives no depth, so it is the mean of the eye's rim. */
function addIris(points: Float32Array, iris: Float32Array, first: number, eye: readonly number[]): void {
  let depth = 0;
  for (let i = 0; i < eyeRimCount; i++) depth += points[3 * eye[i]! + 2]! / eyeRimCount;
  for (let i = 0; i < 5; i++) {
    points.set([iris[2 * i]!, iris[2 * i + 1]!, depth], 3 * (first + i));
  }
}
