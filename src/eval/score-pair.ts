/** One pair of videos through all metrics, frame by frame: nothing but the two frames at hand is in memory. */
import { TalkfaceError } from "../base/errors.js";
import type { FaceAnalyzer } from "../face/analyzer.js";
import { trackFace } from "../face/track.js";
import { type Image, resizeImage } from "../media/image.js";
import { readFrames } from "../media/video-reader.js";
import type { Metric, Missing, Score, Scorer, Tools } from "../metrics/metric.js";
import type { Pair } from "./pairs.js";

export interface ScoreOptions {
  readonly metrics: readonly Metric[];
  readonly tools: Tools;
  /** Where a metric needs faces. */
  readonly analyzer: FaceAnalyzer | null;
  /** Brings the made frames to the size of the real ones. */
  readonly resize: boolean;
}

export type ClipScores = Readonly<Record<string, Score | Missing>>;

interface Seen {
  readonly image: Image;
  readonly mesh: Float32Array | null;
}

/** Frame t of the one against frame t of the other at 25 a second, up to the end of the shorter one. Throws `bad-media` or `missing-file`. */
export async function scorePair({ made, real }: Pick<Pair, "made" | "real">, { metrics, tools, analyzer, resize }: ScoreOptions): Promise<ClipScores> {
  const clip = { made, real, shared: new Map<string, unknown>() };
  const scorers = new Map<Metric, Scorer>(metrics.map((metric) => [metric, metric.start(tools, clip)]));
  const problems = new Map<Metric, string>();
  const [left, right] = [seen(readFrames(made), analyzer), seen(readFrames(real), analyzer)];
  const lengths = { made: 0, real: 0 };
  try {
    for (;;) {
      const [a, b] = await Promise.all([left.next(), right.next()]);
      if (a.done !== true) lengths.made++;
      if (b.done !== true) lengths.real++;
      if (a.done === true || b.done === true) break;
      const { width, height } = b.value.image;
      const isSame = a.value.image.width === width && a.value.image.height === height;
      const [image, mesh] = isSame || !resize ? [a.value.image, a.value.mesh] : [await resizeImage(a.value.image, width, height), scaled(a.value.mesh, width / a.value.image.width, height / a.value.image.height)];
      const pair = { made: image, real: b.value.image, ...(analyzer === null ? {} : { meshes: { made: mesh, real: b.value.mesh } }) };
      for (const [metric, scorer] of scorers) {
        if (!isSame && !resize && metric.needs.includes("one size")) {
          problems.set(metric, `the frames are ${a.value.image.width}x${a.value.image.height} and ${width}x${height}; --resize brings the made ones to the size of the real ones`);
        } else await scorer.add(pair);
      }
    }
    // the rest is counted alone
    for (const [source, key] of [[left, "made"], [right, "real"]] as const) for (let rest = await source.next(); rest.done !== true; rest = await source.next()) lengths[key]++;
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
  const scores: Record<string, Score | Missing> = {};
  for (const [metric, scorer] of scorers) scores[metric.name] = checked(metric, problems.has(metric) ? { missing: problems.get(metric)! } : await scorer.finish(lengths));
  return scores;
}

/** A number that is none is a mistake of ours and never a score. */
function checked(metric: Metric, score: Score | Missing): Score | Missing {
  if ("value" in score && !Number.isFinite(score.value)) throw new TalkfaceError("internal", `internal: ${metric.name} gave ${score.value}.`);
  return score;
}

async function* seen(frames: AsyncGenerator<Image>, analyzer: FaceAnalyzer | null): AsyncGenerator<Seen> {
  if (analyzer === null) for await (const image of frames) yield { image, mesh: null };
  else for await (const { image, mesh } of trackFace(frames, analyzer, { face: "largest" })) yield { image, mesh: mesh?.points ?? null };
}

/** Points [478,3] of a picture that was stretched; z goes with x. */
function scaled(mesh: Float32Array | null, x: number, y: number): Float32Array | null {
  return mesh?.map((value, i) => value * (i % 3 === 1 ? y : x)) ?? null;
}
