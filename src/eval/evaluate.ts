/** Scores over clips, and what they come to. */
import { TalkfaceError } from "../base/errors.js";
import { createFaceAnalyzer } from "../face/analyzer.js";
import { createIdentityNet } from "../face/identity.js";
import { bootstrapMean } from "../metrics/bootstrap.js";
import type { Metric } from "../metrics/metric.js";
import { SyncNet } from "../metrics/syncnet/expert.js";
import type { Pairing } from "./pairs.js";
import { metrics as known } from "./registry.js";
import { type ClipScores, scorePair } from "./score-pair.js";

export interface Clip {
  readonly name: string;
  /** Null where the pair could not be read at all. */
  readonly scores: ClipScores | null;
  /** By metric, or of the whole pair under "". */
  readonly problems: Readonly<Record<string, string>>;
}

export interface Summary {
  readonly mean: number;
  /** Standard deviation over clips (n - 1); 0 for a single one. */
  readonly sd: number;
  readonly ci95: readonly [low: number, high: number];
  /** Clips that have a value. */
  readonly n: number;
  readonly protocol: string;
}

export interface Evaluation {
  readonly clips: readonly Clip[];
  /** By metric; null where no clip has a value. */
  readonly summary: Readonly<Record<string, Summary | null>>;
}

/** Names that stand for several metrics. */
const groups: Readonly<Record<string, readonly string[]>> = { lse: ["lse-c", "lse-d", "av-offset"] };

/** Metrics by their names, in the order given; `usage` for one that there is not. */
export function metricsOf(names: readonly string[]): Metric[] {
  return [...new Set(names.flatMap((name) => (Object.hasOwn(groups, name) ? groups[name]! : [name])))].map((name) => {
    const metric = known.find((each) => each.name === name);
    if (metric === undefined) throw new TalkfaceError("usage", `--metrics ${name}: there are ${[...known.map((each) => each.name), ...Object.keys(groups)].join(", ")}.`);
    return metric;
  });
}

export async function evaluate({ pairs, alone }: Pairing, metrics: readonly Metric[], options: { readonly resize: boolean; readonly onClip: (done: number) => void }): Promise<Evaluation> {
  const needs = new Set(metrics.flatMap((metric) => metric.needs));
  const analyzer = needs.has("faces") ? await createFaceAnalyzer() : null;
  const tools = { identity: needs.has("identity") ? await createIdentityNet() : null, syncnet: needs.has("syncnet") ? await SyncNet.open() : null };
  const clips: Clip[] = alone.map(({ name, problem }) => ({ name, scores: null, problems: { "": problem } }));
  for (const [i, pair] of pairs.entries()) {
    clips.push(await scored(pair.name, () => scorePair(pair, { metrics, tools, analyzer, resize: options.resize })));
    options.onClip(i + 1);
  }
  clips.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { clips, summary: Object.fromEntries(metrics.map((metric) => [metric.name, summarise(clips, metric)])) };
}

/** What is wrong with a pair's files is its own problem; the others are scored. */
async function scored(name: string, score: () => Promise<ClipScores>): Promise<Clip> {
  try {
    const scores = await score();
    return { name, scores, problems: Object.fromEntries(Object.entries(scores).flatMap(([metric, each]) => ("missing" in each ? [[metric, each.missing]] : []))) };
  } catch (error) {
    if (!(error instanceof TalkfaceError) || (error.code !== "bad-media" && error.code !== "missing-file")) throw error;
    return { name, scores: null, problems: { "": error.message } };
  }
}

function summarise(clips: readonly Clip[], { name, protocol }: Metric): Summary | null {
  const values = clips.flatMap(({ scores }) => {
    const score = scores?.[name];
    return score !== undefined && "value" in score ? [score.value] : [];
  });
  if (values.length === 0) return null;
  const { mean, low, high, count } = bootstrapMean(values);
  const sd = count === 1 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  return { mean, sd, ci95: [low, high], n: count, protocol };
}
