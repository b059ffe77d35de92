/** The expression of a face as face-api's classifier sees it, and how far two faces agree. */
import { TalkfaceError } from "../base/errors.js";
import { type ExpressionNet, expressionNames } from "../face/expression.js";
import { cosine } from "../face/identity.js";
import { to68 } from "../face/landmarks.js";
import type { Frame } from "./metric.js";

export const expressionProtocol = `face-api's seven classes (${expressionNames.join(", ")})`;

/** Probabilities [7]; null where no face is seen, or it has left the picture. */
export async function expressionOf(net: ExpressionNet, { image, mesh }: Frame): Promise<Float32Array | null> {
  if (mesh === null) return null;
  try {
    return await net.classify(image, to68(mesh));
  } catch (error) {
    if (error instanceof TalkfaceError && error.code === "no-face") return null;
    throw error;
  }
}

/** Cosine of the probabilities of two faces: 1 where they show the same. */
export const expressionAgreement: (a: Float32Array, b: Float32Array) => number = cosine;

/** Place of the largest number. */
export function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((best, value, i, all) => (value > all[best]! ? i : best), 0);
}
