/** Who it is: dlib's ResNet face descriptor (King 2017) from @vladmandic/face-api's weights, on dlib's aligned chip. */
import type { Image } from "../media/image.js";
import { similarityFit, type Affine } from "../media/transform.js";
import { identityMean } from "./identity-mean.js";
import { ImageNetwork } from "./image-network.js";

/** Name under which cosines of these vectors are reported: they are not ArcFace's. */
export const identityName = "dlib-ResNet-128, centred";

export interface IdentityNet {
  /**
   * Unit vector [128], the mean over many people subtracted, so that strangers are near 0 in cosine and one person near 0.7 across
   * pictures, 0.9 within a clip. `landmarks` are the mesh's 68 points [L,2] in source pixels.
   */
  embed(image: Image, landmarks: Float32Array): Promise<Float32Array>;
  /** As `embed` without subtracting the mean: dlib's own descriptor at unit length. */
  embedRaw(image: Image, landmarks: Float32Array): Promise<Float32Array>;
}

const chipPadding = 0.25;
/** iBUG points 27-54 and 60-64, and their places in dlib's mean face (image_transforms/interpolation.h, get_face_chip_details). */
const chipPoints: readonly number[] = [...Array.from({ length: 28 }, (_, i) => 27 + i), 60, 61, 62, 63, 64];
const meanX = [
  0.490127, 0.490127, 0.490127, 0.490127, 0.36688, 0.426036, 0.490127, 0.554217, 0.613373, 0.121737, 0.187122, 0.265825, 0.334606, 0.260918,
  0.182743, 0.645647, 0.714428, 0.793132, 0.858516, 0.79751, 0.719335, 0.254149, 0.340985, 0.428858, 0.490127, 0.551395, 0.639268, 0.726104,
  0.290379, 0.428096, 0.490127, 0.552157, 0.689874,
] as const;
const meanY = [
  0.203352, 0.307009, 0.409805, 0.515625, 0.587326, 0.609345, 0.628106, 0.609345, 0.587326, 0.216423, 0.178758, 0.179852, 0.231733, 0.245099,
  0.244077, 0.231733, 0.179852, 0.178758, 0.216423, 0.244077, 0.245099, 0.780233, 0.745405, 0.727388, 0.742578, 0.727388, 0.745405, 0.780233,
  0.784792, 0.778746, 0.785343, 0.778746, 0.784792,
] as const;

export async function createIdentityNet(): Promise<IdentityNet> {
  const network = await ImageNetwork.open("identity");
  const embedRaw = async (image: Image, landmarks: Float32Array): Promise<Float32Array> => {
    const outputs = await network.run(image, chipAffine(landmarks, network.side), { scale: 1, offset: 0, border: "edge" });
    return unitLength(outputs("output"));
  };
  return {
    embedRaw,
    async embed(image, landmarks) {
      return unitLength((await embedRaw(image, landmarks)).map((value, i) => value - identityMean[i]!));
    },
  };
}

/** Cosine of two vectors of equal length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [product, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return product / Math.sqrt(aa * bb);
}

/** Chip of `size` x `size` pixels -> source pixels. */
function chipAffine(landmarks: Float32Array, size: number): Affine {
  const from = new Float64Array(chipPoints.length * 2);
  const to = new Float64Array(chipPoints.length * 2);
  chipPoints.forEach((point, i) => {
    from[2 * i] = ((chipPadding + meanX[i]!) / (2 * chipPadding + 1)) * size;
    from[2 * i + 1] = ((chipPadding + meanY[i]!) / (2 * chipPadding + 1)) * size;
    to[2 * i] = landmarks[2 * point]!;
    to[2 * i + 1] = landmarks[2 * point + 1]!;
  });
  return similarityFit(from, to);
}

function unitLength(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / length);
}
