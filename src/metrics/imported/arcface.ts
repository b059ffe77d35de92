/** ArcFace (Deng et al. 2019) as a user imported it: embeddings of aligned faces, for CSIM and ACD. */
import type { Image } from "../../media/image.js";
import { invertAffine, similarityFit, warpToFloat } from "../../media/transform.js";
import { readImported } from "../../store/imported.js";
import type { Expected } from "../../store/foreign-network.js";
import { PictureNetwork, planesOf } from "./picture-network.js";

export const arcfaceNetwork: Expected = { name: "ArcFace", input: [1, 3, 112, 112], output: 512 };

const preparation = "112x112 RGB aligned by the similarity that takes the face's five points nearest to insightface's (eye centres, nose tip, mouth corners of the 68 points), (v - 127.5) / 127.5, bilinear";
export const csimProtocol = `csim: ArcFace as imported; ${preparation}; cosine of the made and the real picture of the same instant, mean over every 5th frame`;
export const acdProtocol = `acd: ArcFace as imported; ${preparation}; Euclidean distance of unit embeddings, the made frame against the first real frame with a face, mean over every 5th frame (not OpenFace's figure)`;

const side = 112;
/** Right eye, left eye, nose tip, right and left mouth corner in the aligned picture (insightface face_align.py), where the centre of pixel i is i. */
const template = [38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041] as const;

export class ArcFace {
  readonly #network: PictureNetwork;

  private constructor(network: PictureNetwork) {
    this.#network = network;
  }

  /** Null where it was not imported. */
  static async open(): Promise<ArcFace | null> {
    const networks = await readImported("arcface");
    const bytes = networks?.["network"];
    return bytes === undefined ? null : new ArcFace(await PictureNetwork.open(bytes, arcfaceNetwork));
  }

  /** Unit vector [512] of the face with the 68 points [L,2] in pixels of the picture. */
  async embed(image: Image, landmarks: Float32Array): Promise<Float32Array> {
    return unitLength(await this.#network.run(alignedFace(image, landmarks)));
  }
}

/** The network's input [3,112,112]. */
export function alignedFace(image: Image, landmarks: Float32Array): Float32Array {
  // Errors are least in the aligned picture: the fit the other way round has another scale wherever a face is not shaped as the template.
  const toSource = invertAffine(similarityFit(fivePoints(landmarks), template.map((value) => value + 0.5)));
  return planesOf(warpToFloat(image, toSource, side, side, { scale: 1 / 127.5, offset: -1, border: "black" }), side);
}

/** [5,2]: middles of the eyes' six points, tip of the nose, mouth corners. */
function fivePoints(landmarks: Float32Array): number[] {
  const middle = (first: number, count: number): [number, number] => {
    const sum: [number, number] = [0, 0];
    for (let i = first; i < first + count; i++) for (const axis of [0, 1] as const) sum[axis] += landmarks[2 * i + axis]! / count;
    return sum;
  };
  return [middle(36, 6), middle(42, 6), middle(30, 1), middle(48, 1), middle(54, 1)].flat();
}

function unitLength(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / length);
}
