/** Inception (pytorch-fid's port of the TensorFlow graph of 2015) as a user imported it: features of whole frames, for FID. */
import type { Image } from "../../media/image.js";
import { warpToFloat } from "../../media/transform.js";
import type { Expected } from "../../store/foreign-network.js";
import { readImported } from "../../store/imported.js";
import { PictureNetwork, planesOf } from "./picture-network.js";

export const inceptionNetwork: Expected = { name: "Inception", input: [1, 3, 299, 299], output: 2048 };

const side = 299;

export class Inception {
  readonly #network: PictureNetwork;

  private constructor(network: PictureNetwork) {
    this.#network = network;
  }

  /** Null where it was not imported. */
  static async open(): Promise<Inception | null> {
    const networks = await readImported("inception");
    const bytes = networks?.["network"];
    return bytes === undefined ? null : new Inception(await PictureNetwork.open(bytes, inceptionNetwork));
  }

  /** Pooled features [2048] of a picture of any size. */
  features(image: Image): Promise<Float32Array> {
    return this.#network.run(inceptionInput(image));
  }
}

/** RGB planes [3,299,299], -1..1: bilinear between pixel centres, no smoothing, as torch's interpolate without align_corners. */
export function inceptionInput(image: Image): Float32Array {
  const toSource = [image.width / side, 0, 0, 0, image.height / side, 0] as const;
  return planesOf(warpToFloat(image, toSource, side, side, { scale: 2 / 255, offset: -1, border: "edge" }), side);
}
