/** All metrics: a line for each file of them. */
import { TalkfaceError } from "../base/errors.js";
import type { Metric, ScoreName } from "../metrics/metric.js";
import { expressionMetrics } from "./metrics/expression.js";
import { faceMetrics } from "./metrics/faces.js";
import { distributionMetrics } from "./metrics/fid.js";
import { headMetrics } from "./metrics/head.js";
import { identityMetrics } from "./metrics/identity.js";
import { lipSyncMetrics } from "./metrics/lip-sync.js";
import { movementMetrics } from "./metrics/movement.js";
import { pictureMetrics } from "./metrics/pictures.js";
import { syncMetrics } from "./metrics/sync.js";

export const metrics: readonly Metric[] = [...pictureMetrics, ...faceMetrics, ...movementMetrics, ...headMetrics, ...expressionMetrics, ...identityMetrics, ...distributionMetrics, ...lipSyncMetrics, ...syncMetrics];

/** What is scored where nothing is named: needs no network that the user would have to bring. */
export const defaultMetrics: readonly string[] = ["psnr", "ssim", "lmd", "lips", "id-cosine", "length-ratio"];

/** Metrics by their names, or by that of a score that they give, in the order given; `usage` for one that there is not. */
export function metricsOf(names: readonly string[]): Metric[] {
  const found = names.map((name) => {
    const metric = metrics.find((each) => each.name === name) ?? metrics.find(({ scores }) => scores.some((score) => score.name === name));
    if (metric === undefined) throw new TalkfaceError("usage", `--metrics ${name}: there are ${metrics.map((each) => each.name).join(", ")}.`);
    return metric;
  });
  return [...new Set(found)];
}

/** All scores that metrics give, in order, each with its metric. */
export function scoresOf(list: readonly Metric[]): { readonly metric: Metric; readonly score: ScoreName }[] {
  return list.flatMap((metric) => metric.scores.map((score) => ({ metric, score })));
}
