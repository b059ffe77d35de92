/** Seven expressions by @vladmandic/face-api's classifier. Speech moves the mouth as well: average over a clip before reading it. */
import { TalkfaceError } from "../base/errors.js";
import type { Image } from "../media/image.js";
import { faceBox } from "./face-box.js";
import { ImageNetwork } from "./image-network.js";

/** In the order of the network's output. */
export const expressionNames = ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"] as const;
export type Expression = (typeof expressionNames)[number];

export interface ExpressionNet {
  /** Probabilities [7] of one frame; `landmarks` are the mesh's 68 points [L,2] in source pixels. */
  classify(image: Image, landmarks: Float32Array): Promise<Float32Array>;
}

export async function createExpressionNet(): Promise<ExpressionNet> {
  const network = await ImageNetwork.open("expression");
  return {
    async classify(image, landmarks) {
      const box = faceBox(image, landmarks, network.side);
      if (box === null) throw new TalkfaceError("no-face", "the face lies outside the picture.");
      const outputs = await network.run(box.picture, box.toPicture, { scale: 1, offset: 0, border: "black" });
      return outputs("output");
    },
  };
}
