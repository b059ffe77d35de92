/** Who lends an expression: clips of val people, with or without speech, whose faces differ most. */
import type { ClipEntry, Dataset } from "../../src/data/dataset.js";
import type { ExpressionNet } from "../../src/face/expression.js";
import { meshesOf } from "../../src/face/mesh-parts.js";
import { expressionAgreement, expressionOf } from "../../src/metrics/expression.js";
import { isPersona } from "../quality/clips.js";
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
  return seen.length === 0 ? null : seen[0]!.map((_, i) => seen.reduce((sum, each) => sum + each[i]!, 0) / seen.length);
}

/** `count` clips of real val people: first the one that differs most from the mean of all, then always the one that differs most from those that were taken. */
export async function chooseGuides(dataset: Dataset, net: ExpressionNet, count: number): Promise<ExpressiveGuide[]> {
  const all: ExpressiveGuide[] = [];
  for (const clip of dataset.clips) {
    if (clip.split !== "val" || isPersona(clip) || clip.frames < guideFrames) continue;
    const crops = await readCrops(dataset, clip);
    const expression = await meanExpression(net, spreadPlaces(crops.length).map((t) => crops[t]!));
    if (expression !== null) all.push({ id: clip.id, person: clip.person, crops, expression });
  }
  const chosen: ExpressiveGuide[] = [];
  const mean = all[0]?.expression.map((_, i) => all.reduce((sum, { expression }) => sum + expression[i]!, 0) / all.length);
  while (chosen.length < Math.min(count, all.length)) {
    const known = chosen.length === 0 ? [mean!] : chosen.map(({ expression }) => expression);
    const nearest = ({ expression }: ExpressiveGuide): number => Math.max(...known.map((other) => expressionAgreement(expression, other)));
    chosen.push(all.filter((guide) => !chosen.includes(guide)).reduce((best, guide) => (nearest(guide) < nearest(best) ? guide : best)));
  }
  return chosen;
}

async function readCrops(dataset: Dataset, clip: ClipEntry): Promise<FaceCrop[]> {
  const { data } = await dataset.readArray(clip, "mesh");
  const crops: FaceCrop[] = [];
  for (const [t, mesh] of meshesOf(data).slice(0, guideFrames).entries()) crops.push({ image: await dataset.readFrame(clip, t), mesh });
  return crops;
}
