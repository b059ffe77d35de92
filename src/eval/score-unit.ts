/** One clip through all metrics, frame by frame: nothing but the two frames at hand, and what metrics keep of them, is in memory. */
import { emotionName } from "../base/emotions.js";
import { type ErrorCode, TalkfaceError } from "../base/errors.js";
import { createFaceAnalyzer } from "../face/analyzer.js";
import { type Finished, type Metric, type Scorer, Tools } from "../metrics/metric.js";
import { type Counts, framePairs, noCounts, type Pairing } from "./frame-pairs.js";
import { metricsOf } from "./registry.js";
import type { Sampling } from "./side.js";
import { deservesThread, ThreadSide } from "./side-thread.js";
import { type OpenSource, scoredFps, soundRateHz, Sources } from "./sources.js";
import type { Unit } from "./units.js";

/** What came of a clip. */
export interface UnitResult {
  readonly system: string;
  readonly clip: string;
  /** By metric; empty where the clip could not be read at all. */
  readonly scores: Readonly<Record<string, Finished>>;
  /** Why there are no scores at all. */
  readonly problem: string | null;
  /** What is unusual: each in a sentence, beside the scores. */
  readonly notes: readonly string[];
  /** Frames of both videos at the scored rate. */
  readonly frames: { readonly made: number; readonly real: number };
}

/** What one clip can be blamed for; anything else ends the evaluation. */
const ownProblems: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["bad-media", "missing-file", "no-face", "bad-data", "io"]);
/** Why a metric cannot begin: it has no network. */
const metricProblems: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["bad-model", "missing-file", "bad-data", "device"]);

/** Networks, models and data folders, open between clips; one for each thread. */
export class Workbench {
  readonly tools = new Tools();
  readonly sources = new Sources();

  /** `spareCore`: nobody else needs one core more. */
  async score(unit: Unit, metricNames: readonly string[], pairing: Pairing, { spareCore = false }: { readonly spareCore?: boolean } = {}): Promise<UnitResult> {
    const metrics = metricsOf(metricNames).filter((metric) => isMeant(metric, unit));
    const counts = noCounts();
    const notes: string[] = [];
    const about = { system: unit.system, clip: unit.clip, notes, frames: counts };
    try {
      const scores = await this.#score(unit, metrics, pairing, spareCore, counts, notes);
      return { ...about, scores, problem: null, frames: { made: counts.made, real: counts.real } };
    } catch (error) {
      if (!(error instanceof TalkfaceError) || !ownProblems.has(error.code)) throw error;
      return { ...about, scores: {}, problem: error.message, frames: { made: counts.made, real: counts.real } };
    }
  }

  close(): Promise<void> {
    return this.sources.close();
  }

  async #score(unit: Unit, metrics: readonly Metric[], pairing: Pairing, spareCore: boolean, counts: Counts, notes: string[]): Promise<Record<string, Finished>> {
    const made = await this.sources.open(unit.made);
    const real = unit.real === null ? null : await this.sources.open(unit.real);
    const { sound } = unit.sound === null ? made : await this.sources.open(unit.sound);
    notes.push(...made.notes.map((note) => `the made video ${note}`), ...(real?.notes ?? []).map((note) => `the real video ${note}`));

    // pairs that are left out in front take their sound with them
    const heard = sound === null ? null : () => from(sound(), (counts.uncut * soundRateHz) / scoredFps);
    const results: Record<string, Finished> = {};
    const running = new Map<Metric, Scorer>();
    for (const metric of metrics) {
      const scorer = await this.#begin(metric, real, heard, unit.emotion === null ? null : emotionName(unit.emotion));
      if ("missing" in scorer) results[metric.name] = scorer;
      else running.set(metric, scorer);
    }
    const wantsFaces = pairing.crop === "face" || [...running.keys()].some(({ needs }) => needs.includes("faces"));
    const analyzer = wantsFaces ? await this.tools.once("faces", createFaceAnalyzer) : null;
    const elsewhere = wantsFaces && spareCore && deservesThread(made, real) ? (sampling: Sampling | null): ThreadSide => new ThreadSide(unit.real!, pairing, sampling) : null;
    for await (const pair of framePairs(made, real, analyzer, pairing, counts, elsewhere)) {
      const [a, b] = [pair.made.image, pair.real?.image ?? pair.made.image];
      const isSame = a.width === b.width && a.height === b.height;
      for (const [metric, scorer] of running) {
        if (isSame || !metric.needs.includes("one size")) await scorer.add(pair);
        else {
          results[metric.name] = { missing: `the frames are ${a.width}x${a.height} and ${b.width}x${b.height}; --resize brings the made ones to the size of the real ones, --size N both to N` };
          running.delete(metric);
        }
      }
    }
    const lengths = { made: counts.made, real: counts.real };
    for (const [metric, scorer] of running) {
      const result = isOutOfStep(metric, pairing, counts) ? outOfStep(counts) : await finished(metric, scorer, lengths);
      results[metric.name] = "missing" in result && counts.pairs === 0 && counts.uncut > 0 ? { missing: "there is no face to cut to" } : result;
    }
    // with foreign speech the real video is that of another clip
    notes.push(...countNotes(counts, { hasReal: real !== null, hasFaces: wantsFaces, areOneClip: unit.only !== "speech" }));
    // In the order in which they were asked for.
    return Object.fromEntries(metrics.map(({ name }) => [name, results[name]!]));
  }

  async #begin(metric: Metric, real: OpenSource | null, sound: OpenSource["sound"], emotion: string | null): Promise<Scorer | { readonly missing: string }> {
    if (metric.reference === "full" && real === null) return { missing: "there is no real video to compare with" };
    if (metric.needs.includes("sound") && sound === null) return { missing: "there is no sound" };
    if (metric.needs.includes("emotion") && emotion === null) return { missing: "nobody says which emotion the clip shows; prepared data with that label do, and the column emotion of --pairs" };
    try {
      return await metric.start({ tools: this.tools, fps: scoredFps, sound, emotion });
    } catch (error) {
      if (error instanceof TalkfaceError && metricProblems.has(error.code)) return { missing: error.message };
      throw error;
    }
  }
}

/** Sound without its first samples. */
async function* from(blocks: AsyncIterable<Float32Array>, skip: number): AsyncGenerator<Float32Array> {
  let left = skip;
  for await (const block of blocks) {
    if (left < block.length) yield block.subarray(left);
    left = Math.max(0, left - block.length);
  }
}

/** Whether a metric says something about a unit: a control is not scored by what it is no control of. */
export function isMeant(metric: Metric, { only }: Pick<Unit, "only">): boolean {
  return only === undefined || (only === "speech" ? metric.speech === true : metric.reference === "none");
}

/** Whether frames of the made video were left out between others, so that the rest no longer goes with its sound. */
function isOutOfStep({ needs }: Metric, { frames }: Pairing, { made, pairs, uncut }: Counts): boolean {
  return needs.includes("sound") && frames === "even" && made > pairs + uncut;
}

function outOfStep({ made, real }: Counts): Finished {
  return { missing: `even sampling leaves out frames of the made video (${made} frames, ${real} real), and the rest no longer goes with the sound; --pairing truncate keeps them together` };
}

/** What a metric says in the end. Sound is read only then, and may turn out to be damaged. A number that is none is never a score. */
async function finished(metric: Metric, scorer: Scorer, lengths: { readonly made: number; readonly real: number }): Promise<Finished> {
  try {
    const result = await scorer.finish(lengths);
    if ("missing" in result) return result;
    // What is combined over clips may have no value of one clip.
    const wrong = metric.scores.find(({ name }) => (metric.combine === undefined || name in result.values) && !Number.isFinite(result.values[name]));
    return wrong === undefined ? result : { missing: `${wrong.name} is ${String(result.values[wrong.name])} here, not a number` };
  } catch (error) {
    if (error instanceof TalkfaceError && ownProblems.has(error.code)) return { missing: error.message };
    throw error;
  }
}

/** One frame more or less is how encoders end. */
const allowedDifference = 1;

function countNotes(
  { made, real, pairs, facelessMade, facelessReal, uncut }: Counts,
  { hasReal, hasFaces, areOneClip }: { readonly hasReal: boolean; readonly hasFaces: boolean; readonly areOneClip: boolean },
): string[] {
  const faceless = (which: string, count: number): string[] => (hasFaces && count > 0 ? [`no face in ${count} of ${pairs} frames of the ${which} video`] : []);
  return [
    ...(hasReal && areOneClip && Math.abs(made - real) > allowedDifference ? [`the lengths differ: ${made} frames made, ${real} real (ratio ${(made / real).toFixed(3)})`] : []),
    ...(uncut > 0 && pairs > 0 ? [`${uncut} frames before the first face are left out`] : []),
    ...faceless("made", facelessMade),
    ...(hasReal ? faceless("real", facelessReal) : []),
  ];
}
