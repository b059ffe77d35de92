/** An independent second opinion on the 68 points: @vladmandic/face-api's landmark network. For metrics, never for training data. */
import { TalkfaceError } from "../base/errors.js";
import { ibugCount } from "../base/points.js";
import type { Image } from "../media/image.js";
import { applyAffine } from "../media/transform.js";
import { faceBox } from "./face-box.js";
import { ImageNetwork } from "./image-network.js";

export interface SecondLandmarks {
  /** 68 points [L,2] in source pixels; `landmarks` are the mesh's 68 points, which only say where to look. */
  locate(image: Image, landmarks: Float32Array): Promise<Float32Array>;
}

export async function createSecondLandmarks(): Promise<SecondLandmarks> {
  const network = await ImageNetwork.open("landmarks68");
  return {
    async locate(image, landmarks) {
      const box = faceBox(image, landmarks, network.side);
      if (box === null) throw new TalkfaceError("no-face", "the face lies outside the picture.");
      const unit = (await network.run(box.picture, box.toPicture, { scale: 1, offset: 0, border: "black" }))("output");
      const out = new Float32Array(ibugCount * 2);
      for (let i = 0; i < ibugCount; i++) out.set(applyAffine(box.unitToSource, unit[2 * i]!, unit[2 * i + 1]!), 2 * i);
      return out;
    },
  };
}
