/** Who lends an expression: clips of val people, with or without speech, whose faces differ most. */
import type { ClipEntry, Dataset } from "../../src/data/dataset.js";
import type { ExpressionNet } from "../../src/face/expression.js";
import { expressionAgreement, expressionOf } from "../../src/metrics/expression.js";
import { meanVector } from "../../src/synth/guide-motion.js";
import { isPersona, readCrops } from "../quality/clips.js";
import type { FaceCrop } from "../quality/drive.js";

/** Frames of a guide that are used (3 s), and that are looked at. */
export const guideFrames = 75;
export const lookedAt = 12;

export interface ExpressiveGuide {
  readonly id: string;
  readonly person: string;
  readonly crops: readonly FaceCrop[];
  /** Mean probabilities [7] of the frames that are looked at. */
  readonly expression: Float32Array;
}

/** Evenly spread places among `count` frames. */
export function spreadPlaces(count: number): number[] {
  return Array.from({ length: Math.min(lookedAt, count) }, (_, i) => Math.floor(((i + 0.5) * count) / Math.min(lookedAt, count)));
}

/** Mean of the probabilities of frames in which a face is seen; null where there is none. */
export async function meanExpression(net: ExpressionNet, frames: readonly { readonly image: FaceCrop["image"]; readonly mesh: Float32Array | null }[]): Promise<Float32Array | null> {
  const seen: Float32Array[] = [];
  for (const frame of frames) {
    const probabilities = await expressionOf(net, frame);
    if (probabilities !== null) seen.push(probabilities);
  }
  return seen.length === 0 ? null : meanVector(seen);
}

/** `count` clips of real val people: first the one that differs most from the mean of all, then always the one that differs most from those that were taken. */
export async function chooseGuides(dataset: Dataset, net: ExpressionNet, count: number): Promise<ExpressiveGuide[]> {
  const all: { readonly clip: ClipEntry; readonly expression: Float32Array }[] = [];
  for (const clip of dataset.clips) {
    if (clip.split !== "val" || isPersona(clip) || clip.frames < guideFrames) continue;
    const expression = await meanExpression(net, await readCrops(dataset, clip, spreadPlaces(guideFrames)));
    if (expression !== null) all.push({ clip, expression });
  }
  const chosen: typeof all = [];
  while (chosen.length < Math.min(count, all.length)) {
    const known = chosen.length === 0 ? [meanVector(all.map(({ expression }) => expression))] : chosen.map(({ expression }) => expression);
    const nearest = ({ expression }: (typeof all)[number]): number => Math.max(...known.map((other) => expressionAgreement(expression, other)));
    chosen.push(all.filter((guide) => !chosen.includes(guide)).reduce((best, guide) => (nearest(guide) < nearest(best) ? guide : best)));
  }
  const guides: ExpressiveGuide[] = [];
  for (const { clip, expression } of chosen) guides.push({ id: clip.id, person: clip.person, crops: await readCrops(dataset, clip, Array.from({ length: guideFrames }, (_, t) => t)), expression });
  return guides;
}
