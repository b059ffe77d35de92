/**
 * The offset between mouth and sound of every clip of a run. Footage is up to six frames out of step, by source, and training on it
 * teaches a mouth that does not follow: estimating and correcting the offset is the largest single gain of preparation.
 *
 * First the loudness predicts the mouth; then, twice, a ridge regression on the speech of the clips whose offset is clear. Each clip's
 * correlations become log likelihoods of the offsets -10 .. +10. Parts of one file share their offset, so their likelihoods add up;
 * files of one folder mostly come from one source, so the offsets found there are the prior of each of them (empirical Bayes).
 */
import { sha256 } from "../base/files.js";
import type { SyncRecord } from "./manifest.js";
import { loudnessPrediction, maxOffset, offsetCount, offsetCurve, type OffsetCurve } from "./sync-evidence.js";
import { addClip, combineSums, emptySums, predictOpening, solveRidge } from "./sync-ridge.js";

export interface SyncClip {
  /** The file that the clip was cut from. */
  readonly file: string;
  /** The folder of the file. */
  readonly collection: string;
  readonly person: string;
  readonly isSilent: boolean;
  readonly frames: number;
}

export interface SyncSignals {
  /** [T], from `mouthOpening`. */
  readonly opening: Float32Array;
  /** [T,21], from `speechFeatures`. */
  readonly speech: Float32Array;
}

export type SyncEstimate = Omit<SyncRecord, "corrected">;

/** An offset is corrected from this confidence on: of real clips shifted by known amounts 97 % were found to a frame there. */
export const clearConfidence = 0.7;
/** With fewer clear clips a regression would learn their noise. */
const fewestClips = 8;
const mostFitClips = 2000;
const folds = 4;
/** One person's frames count fully up to here in the regression, so that a corpus with one main speaker fits the others too. */
const framesPerPerson = 1500;

/** Estimates all offsets; `load` reads the signals of clip i and is called a few times for each, so that nothing need stay in memory. */
export async function estimateOffsets(clips: readonly SyncClip[], load: (i: number) => Promise<SyncSignals>): Promise<SyncEstimate[]> {
  const heard = clips.map((clip, i) => ({ clip, i })).filter(({ clip }) => !clip.isSilent).map(({ i }) => i);
  const curves: (OffsetCurve | null)[] = clips.map(() => null);
  for (const i of heard) {
    const { opening, speech } = await load(i);
    curves[i] = offsetCurve(opening, loudnessPrediction(speech));
  }
  let estimates = judge(clips, curves, "loudness");
  for (let round = 0; round < 2; round++) {
    const clear = heard.filter((i) => estimates[i]!.confidence >= clearConfidence);
    if (clear.length < fewestClips) break;
    const weights = await fitFolds(clips, thin(clear, mostFitClips), estimates, load);
    for (const i of heard) {
      const { opening, speech } = await load(i);
      curves[i] = offsetCurve(opening, predictOpening(weights[fold(clips[i]!.person)]!, speech));
    }
    estimates = judge(clips, curves, "ridge");
  }
  return estimates;
}

/** Regression weights for each fold, fitted on the clips of the people of the other folds. */
async function fitFolds(
  clips: readonly SyncClip[],
  chosen: readonly number[],
  estimates: readonly SyncEstimate[],
  load: (i: number) => Promise<SyncSignals>,
): Promise<Float64Array[]> {
  const framesOf = new Map<string, number>();
  for (const i of chosen) framesOf.set(clips[i]!.person, (framesOf.get(clips[i]!.person) ?? 0) + clips[i]!.frames);
  const sums = Array.from({ length: folds }, emptySums);
  for (const i of chosen) {
    const { person } = clips[i]!;
    const { opening, speech } = await load(i);
    const weight = Math.min(1, framesPerPerson / framesOf.get(person)!);
    addClip(sums[fold(person)]!, opening, speech, estimates[i]!.offsetFrames, weight);
  }
  const all = sums.reduce((a, b) => combineSums(a, b, 1));
  return sums.map((own) => {
    const others = combineSums(all, own, -1);
    // Everybody in one fold: better a fit on oneself than none.
    return solveRidge(others.moment.some((value) => Math.abs(value) > 1e-9) ? others : all);
  });
}

/** Posterior of the offsets by file, with the offsets of the other files of its folder as prior. */
function judge(clips: readonly SyncClip[], curves: readonly (OffsetCurve | null)[], method: "loudness" | "ridge"): SyncEstimate[] {
  const files = new Map<string, { collection: string; evidence: Float64Array; posterior: Float64Array }>();
  clips.forEach((clip, i) => {
    const curve = curves[i];
    if (curve == null) return;
    const file = files.get(clip.file) ?? { collection: clip.collection, evidence: new Float64Array(offsetCount), posterior: new Float64Array(offsetCount) };
    curve.evidence.forEach((value, k) => (file.evidence[k] = file.evidence[k]! + value));
    files.set(clip.file, file);
  });
  const wide = widePrior();
  for (const file of files.values()) file.posterior.set(normalise(file.evidence, wide));
  for (let round = 0; round < 8; round++) {
    const totals = new Map<string, Float64Array>();
    for (const { collection, posterior } of files.values()) {
      const total = totals.get(collection) ?? new Float64Array(offsetCount);
      posterior.forEach((value, k) => (total[k] = total[k]! + value));
      totals.set(collection, total);
    }
    for (const file of files.values()) {
      const others = totals.get(file.collection)!.map((value, k) => value - file.posterior[k]!);
      file.posterior.set(normalise(file.evidence, collectionPrior(wide, others)));
    }
  }
  return clips.map((clip, i) => {
    const curve = curves[i];
    const file = files.get(clip.file);
    if (curve == null || file === undefined) return { offsetFrames: 0, confidence: 0, correlation: 0, method: "none" };
    const best = file.posterior.indexOf(Math.max(...file.posterior));
    const near = [best - 1, best, best + 1].reduce((sum, k) => sum + (file.posterior[k] ?? 0), 0);
    return { offsetFrames: best - maxOffset, confidence: round3(Math.min(1, near)), correlation: round3(curve.correlation[best]!), method };
  });
}

/** Most footage is nearly in step: each frame of offset makes it less likely by a fifth. */
function widePrior(): Float64Array {
  const prior = Float64Array.from({ length: offsetCount }, (_, k) => 0.8 ** Math.abs(k - maxOffset));
  const total = prior.reduce((sum, value) => sum + value, 0);
  return prior.map((value) => value / total);
}

/** The wide prior counts as ten files; the offsets of the other files are blurred a little, so that one frame beside them stays possible. */
function collectionPrior(wide: Float64Array, others: Float64Array): Float64Array {
  const prior = wide.map((value, k) => 10 * value + 0.1 * (others[k - 1] ?? 0) + 0.8 * others[k]! + 0.1 * (others[k + 1] ?? 0));
  const total = prior.reduce((sum, value) => sum + value, 0);
  return prior.map((value) => value / total);
}

/** exp(evidence) times prior, summing to 1. */
function normalise(evidence: Float64Array, prior: Float64Array): Float64Array {
  const highest = Math.max(...evidence);
  const weights = evidence.map((value, k) => Math.exp(value - highest) * prior[k]!);
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
}

/** Every n-th of a long list. */
function thin(list: readonly number[], most: number): number[] {
  const step = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, i) => i % step === 0);
}

function fold(person: string): number {
  return parseInt(sha256(person).slice(0, 8), 16) % folds;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
