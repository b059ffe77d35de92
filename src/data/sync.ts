/**
 * The offset between mouth and sound of every clip of a run. Footage is up to six frames out of step, by source, and training on it
 * teaches a mouth that does not follow: estimating and correcting the offset is the largest single gain of preparation.
 *
 * First the loudness predicts the mouth; then, twice, a ridge regression on the speech of the clips whose offset is clear. Each clip's
 * correlations become log likelihoods of the offsets -10 .. +10. Parts of one file share their offset, so their likelihoods add up;
 * files of one folder mostly come from one source, so the offsets found there are the prior of each of them (empirical Bayes).
 */
import type { List } from "../base/packed-list.js";
import { ClipGroups, folds, type SyncClip, SyncEstimates, thousandths } from "./sync-clips.js";
import { loudnessPrediction, maxOffset, offsetCount, offsetCurve } from "./sync-evidence.js";
import { addClip, combineSums, emptySums, predictOpening, solveRidge } from "./sync-ridge.js";

export interface SyncSignals {
  /** [T], from `mouthOpening`. */
  readonly opening: Float32Array;
  /** [T,21], from `speechFeatures`. */
  readonly speech: Float32Array;
}

/** An offset is corrected from this confidence on: of real clips shifted by known amounts 97 % were found to a frame there. */
export const clearConfidence = 0.7;
/** With fewer clear clips a regression would learn their noise. */
const fewestClips = 8;
const mostFitClips = 2000;
/** One person's frames count fully up to here in the regression, so that a corpus with one main speaker fits the others too. */
const framesPerPerson = 1500;

/** Estimates all offsets; `load` reads the signals of clip i and is called a few times for each, so that nothing need stay in memory. */
export async function estimateOffsets(clips: List<SyncClip>, load: (i: number) => Promise<SyncSignals>): Promise<SyncEstimates> {
  const groups = new ClipGroups(clips);
  const estimates = new SyncEstimates(clips.length);
  const evidence = new Rows(groups.files);
  /** [N,21] thousandths: what an estimate will tell of the one that is best. */
  const correlations = new Int16Array(clips.length * offsetCount);
  const estimate = async (method: "loudness" | "ridge", predict: (speech: Float32Array, i: number) => Float32Array): Promise<void> => {
    evidence.clear();
    for (let i = 0; i < clips.length; i++) {
      const file = groups.fileOf(i);
      if (file === null) continue;
      const { opening, speech } = await load(i);
      const curve = offsetCurve(opening, predict(speech, i));
      addTo(evidence.at(file), curve.evidence);
      correlations.set(curve.correlation.map(thousandths), i * offsetCount);
    }
    const { best, confidence } = judge(groups.collections, evidence);
    for (let i = 0; i < clips.length; i++) {
      const file = groups.fileOf(i);
      if (file === null) continue;
      const correlation = correlations[i * offsetCount + best[file]!]! / 1000;
      estimates.set(i, { offsetFrames: best[file]! - maxOffset, confidence: confidence[file]!, correlation, method });
    }
  };
  await estimate("loudness", loudnessPrediction);
  for (let round = 0; round < 2; round++) {
    const clear = [...estimates.indices(({ confidence }) => confidence >= clearConfidence)];
    if (clear.length < fewestClips) break;
    const weights = await fitFolds(clips, groups, thin(clear, mostFitClips), estimates, load);
    await estimate("ridge", (speech, i) => predictOpening(weights[groups.foldOf(i)]!, speech));
  }
  return estimates;
}

/** Regression weights for each fold, fitted on the clips of the people of the other folds. */
async function fitFolds(
  clips: List<SyncClip>,
  groups: ClipGroups,
  chosen: readonly number[],
  estimates: SyncEstimates,
  load: (i: number) => Promise<SyncSignals>,
): Promise<Float64Array[]> {
  const framesOf = new Map<string, number>();
  for (const i of chosen) {
    const { person, frames } = clips.at(i)!;
    framesOf.set(person, (framesOf.get(person) ?? 0) + frames);
  }
  const sums = Array.from({ length: folds }, emptySums);
  for (const i of chosen) {
    const { opening, speech } = await load(i);
    const weight = Math.min(1, framesPerPerson / framesOf.get(clips.at(i)!.person)!);
    addClip(sums[groups.foldOf(i)]!, opening, speech, estimates.at(i).offsetFrames, weight);
  }
  const all = sums.reduce((a, b) => combineSums(a, b, 1));
  return sums.map((own) => {
    const others = combineSums(all, own, -1);
    // Everybody in one fold: better a fit on oneself than none.
    return solveRidge(others.moment.some((value) => Math.abs(value) > 1e-9) ? others : all);
  });
}

/** Offsets of many files [N,21] in one piece: half a million arrays would take several times as much. */
class Rows {
  readonly #values: Float64Array;

  constructor(count: number) {
    this.#values = new Float64Array(count * offsetCount);
  }

  at(i: number): Float64Array {
    return this.#values.subarray(i * offsetCount, (i + 1) * offsetCount);
  }

  clear(): void {
    this.#values.fill(0);
  }
}

/** By file: the index of the best offset, and 0..1 how surely it is better than all that are not its neighbours. */
interface Verdicts {
  readonly best: Uint8Array;
  readonly confidence: Float64Array;
}

/** Posterior of the offsets by file, from the evidence [21] of each, with the offsets of the other files of its folder as prior; one folder after the other. */
function judge(collections: readonly (readonly number[])[], evidence: Rows): Verdicts {
  const files = collections.reduce((sum, collection) => sum + collection.length, 0);
  const verdicts: Verdicts = { best: new Uint8Array(files), confidence: new Float64Array(files) };
  const wide = widePrior();
  for (const collection of collections) {
    const posterior = new Rows(collection.length);
    collection.forEach((file, f) => posterior.at(f).set(normalise(evidence.at(file), wide)));
    for (let round = 0; round < 8; round++) {
      const total = new Float64Array(offsetCount);
      collection.forEach((_, f) => addTo(total, posterior.at(f)));
      collection.forEach((file, f) => {
        const own = posterior.at(f);
        const others = total.map((value, k) => value - own[k]!);
        own.set(normalise(evidence.at(file), collectionPrior(wide, others)));
      });
    }
    collection.forEach((file, f) => {
      const own = posterior.at(f);
      const best = own.indexOf(Math.max(...own));
      const near = [best - 1, best, best + 1].reduce((sum, k) => sum + (own[k] ?? 0), 0);
      verdicts.best[file] = best;
      verdicts.confidence[file] = Math.min(1, near);
    });
  }
  return verdicts;
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
