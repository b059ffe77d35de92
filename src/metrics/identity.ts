/** Whether the person stays the same. */
import { cosine, identityName, type IdentityNet } from "../face/identity.js";
import type { Image } from "../media/image.js";

export const identityProtocol = `CSIM, ${identityName}: cosine of the made and the real picture of the same instant, mean over sampled frames (not ArcFace's CSIM)`;

/** A picture with its face's 68 points [L,2] in its pixels. */
export interface Portrait {
  readonly image: Image;
  readonly landmarks: Float32Array;
}

/** Embeddings [128] of pictures. */
export async function embedAll(net: IdentityNet, portraits: readonly Portrait[]): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const { image, landmarks } of portraits) vectors.push(await net.embed(image, landmarks));
  return vectors;
}

/** Mean cosine of pairs: 1 for the same picture, about 0.9 within a clip, 0.7 across pictures of a person, 0 for strangers. */
export function identityCosine(real: readonly Float32Array[], made: readonly Float32Array[]): number {
  return real.reduce((sum, vector, i) => sum + cosine(vector, made[i]!), 0) / real.length;
}
