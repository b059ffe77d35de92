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
import { loudnessPrediction, maxOffset, offsetCount, offsetCurve } from "./sync-evidence.js";
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
  const curves: Curves = { correlation: new Rows(clips.length), evidence: new Rows(clips.length) };
  const keep = (i: number, opening: Float32Array, predicted: Float32Array): void => {
    const { correlation, evidence } = offsetCurve(opening, predicted);
    curves.correlation.at(i).set(correlation);
    curves.evidence.at(i).set(evidence);
  };
  for (const i of heard) {
    const { opening, speech } = await load(i);
    keep(i, opening, loudnessPrediction(speech));
  }
  let estimates = judge(clips, curves, "loudness");
  for (let round = 0; round < 2; round++) {
    const clear = heard.filter((i) => estimates[i]!.confidence >= clearConfidence);
    if (clear.length < fewestClips) break;
    const weights = await fitFolds(clips, thin(clear, mostFitClips), estimates, load);
    for (const i of heard) {
      const { opening, speech } = await load(i);
      keep(i, opening, predictOpening(weights[fold(clips[i]!.person)]!, speech));
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

/** Offsets of many clips or files [N,21] in one piece: half a million arrays would take several times as much. */
class Rows {
  readonly #values: Float64Array;

  constructor(count: number) {
    this.#values = new Float64Array(count * offsetCount);
  }

  at(i: number): Float64Array {
    return this.#values.subarray(i * offsetCount, (i + 1) * offsetCount);
  }
}

/** An `OffsetCurve` for each clip; zeros for those without sound. */
interface Curves {
  readonly correlation: Rows;
  readonly evidence: Rows;
}

/** Posterior of the offsets by file, with the offsets of the other files of its folder as prior. */
function judge(clips: readonly SyncClip[], curves: Curves, method: "loudness" | "ridge"): SyncEstimate[] {
  const files = new Map<string, number>();
  const collections: string[] = [];
  for (const { file, collection, isSilent } of clips) {
    if (isSilent || files.has(file)) continue;
    files.set(file, files.size);
    collections.push(collection);
  }
  const evidence = new Rows(files.size);
  const posterior = new Rows(files.size);
  clips.forEach(({ file, isSilent }, i) => {
    if (!isSilent) addTo(evidence.at(files.get(file)!), curves.evidence.at(i));
  });
  const wide = widePrior();
  for (let f = 0; f < files.size; f++) posterior.at(f).set(normalise(evidence.at(f), wide));
  for (let round = 0; round < 8; round++) {
    const totals = new Map<string, Float64Array>();
    collections.forEach((collection, f) => {
      const total = totals.get(collection) ?? new Float64Array(offsetCount);
      addTo(total, posterior.at(f));
      totals.set(collection, total);
    });
    collections.forEach((collection, f) => {
      const own = posterior.at(f);
      const others = totals.get(collection)!.map((value, k) => value - own[k]!);
      own.set(normalise(evidence.at(f), collectionPrior(wide, others)));
    });
  }
  return clips.map(({ file, isSilent }, i) => {
    if (isSilent) return { offsetFrames: 0, confidence: 0, correlation: 0, method: "none" };
    const own = posterior.at(files.get(file)!);
    const best = own.indexOf(Math.max(...own));
    const near = [best - 1, best, best + 1].reduce((sum, k) => sum + (own[k] ?? 0), 0);
    return { offsetFrames: best - maxOffset, confidence: round3(Math.min(1, near)), correlation: round3(curves.correlation.at(i)[best]!), method };
  });
}

function addTo(sum: Float64Array, values: Float64Array): void {
  values.forEach((value, k) => (sum[k] = sum[k]! + value));
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
