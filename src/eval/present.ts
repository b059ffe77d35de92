/** Scores as a table, as JSON and as CSV. */
import { formatCsv } from "../base/csv.js";
import type { Metric } from "../metrics/metric.js";
import { scoresOf } from "./registry.js";
import { type Comparison, type Evaluation, protocolsOf, remarksOf, type Summary, type SystemSummary, valueOf } from "./summary.js";

/** A number with the decimals that suit `like`: two to four of them, and a power of ten for what is smaller. The figures of a row line up. */
export function figure(value: number, like = value): string {
  const size = Math.abs(like);
  if (size > 0 && size < 1e-3) return value.toExponential(2);
  return value.toFixed(size === 0 ? 4 : Math.max(2, Math.min(4, 3 - Math.floor(Math.log10(size)))));
}

export function pValue(p: number | null): string {
  return p === null ? "no difference" : p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

/** What a person reads on a terminal. */
export function textOf(found: Evaluation, { perClip }: { readonly perClip: boolean }): string {
  const { systems, comparisons, metrics } = found;
  const several = systems.length > 1;
  const rows = scoresOf(metrics).flatMap(({ score }) =>
    systems.flatMap(({ name, scores }): string[][] => {
      const summary = scores[score.name];
      if (summary === undefined) return [];
      return [[score.name, ...(several ? [name] : []), ...(summary === null ? ["-", "-", "-", "-", "0"] : cells(summary)), [score.unit, betterText(score.better)].filter((part) => part !== "").join(", ")]];
    }),
  );
  const numbers = several ? [2, 6] : [1, 5];
  const remarks = remarksOf(found);
  const sections = [
    table([["score", ...(several ? ["system"] : []), "mean", "sd", "low", "high", "clips", ""], ...rows], numbers),
    ...(comparisons.length === 0 ? [] : [table(comparisons.map(comparisonRow), [1, 2])]),
    ...(perClip ? [perClipTable(found)] : []),
    ...(remarks.length === 0 ? [] : [remarks.join("\n")]),
    [
      "low, high: 95 % interval of the mean, percentile bootstrap over clips. Only figures of one protocol compare:",
      ...protocolsOf(found).map(({ ids, protocol }) => `  ${ids.join(", ")}: ${protocol}`),
    ].join("\n"),
  ];
  return `${sections.join("\n\n")}\n`;
}

function cells({ mean, sd, ci95, n, of }: Summary): string[] {
  return [figure(mean), sd === null ? "-" : figure(sd, mean), ci95 === null ? "-" : figure(ci95[0], mean), ci95 === null ? "-" : figure(ci95[1], mean), n === of ? String(n) : `${n} of ${of}`];
}

function betterText(better: string): string {
  return better === "higher" || better === "lower" ? `${better} is better` : better;
}

function comparisonRow({ score, a, b, difference, ci95, n, p }: Comparison): string[] {
  return [`${score}: ${a} less ${b}`, figure(difference), `[${figure(ci95[0], difference)}, ${figure(ci95[1], difference)}]`, `${n} clips, ${pValue(p)} (Wilcoxon)`];
}

function perClipTable({ clips, metrics, systems }: Evaluation): string {
  const several = systems.length > 1;
  const scores = scoresOf(metrics);
  const rows = clips.map((clip) => [
    clip.clip,
    ...(several ? [clip.system] : []),
    ...scores.map(({ metric, score }) => {
      const value = valueOf(clip, metric, score.name);
      return value === null ? "-" : figure(value);
    }),
    String(Math.min(clip.frames.made, clip.frames.real || clip.frames.made)),
  ]);
  const first = several ? 2 : 1;
  return table([["clip", ...(several ? ["system"] : []), ...scores.map(({ score }) => score.name), "frames"], ...rows], [first, first + scores.length]);
}

/** Columns padded to their widest cell; those from `numbers[0]` to `numbers[1]` stand to the right. */
function table(rows: readonly (readonly string[])[], numbers: readonly number[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column >= numbers[0]! && column <= numbers[1]! ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join("  ").trimEnd()).join("\n");
}

/**
 * Scores of the first system by name, those of all under `systems`; clips with their scores, frames and what is wrong with them. A metric whose
 * scores have other names stands under its own name too, with its main score and that one's name: `lse` is LSE-C.
 */
export function jsonOf({ systems, comparisons, clips, metrics, pairing }: Evaluation): object {
  return {
    ...byName(systems[0]!.scores, metrics),
    systems: Object.fromEntries(systems.map(({ name, scores }) => [name, byName(scores, metrics)])),
    comparisons,
    pairing,
    clips: clips.map(({ system, clip, scores, problem, notes, frames }) => ({
      system,
      name: clip,
      frames,
      scores: Object.fromEntries(Object.values(scores).flatMap((result) => ("missing" in result ? [] : Object.entries(result.values).map(([name, value]) => [name, { value, frames: result.frames }])))),
      problems: { ...(problem === null ? {} : { "": problem }), ...Object.fromEntries(Object.entries(scores).flatMap(([metric, result]) => ("missing" in result ? [[metric, result.missing]] : []))) },
      notes,
    })),
  };
}

function byName(scores: SystemSummary["scores"], metrics: readonly Metric[]): Readonly<Record<string, object | null>> {
  const main = metrics.flatMap(({ name, scores: [first] }) => {
    const summary = scores[first!.name];
    return name in scores || summary === undefined ? [] : [[name, summary === null ? null : { ...summary, score: first!.name }] as const];
  });
  return { ...Object.fromEntries(main), ...scores };
}

/** A row for each clip of each system. */
export function csvOf({ clips, metrics }: Evaluation): string {
  const scores = scoresOf(metrics);
  const rows = clips.map((clip) => [
    clip.system,
    clip.clip,
    ...scores.map(({ metric, score }) => {
      const value = valueOf(clip, metric, score.name);
      return value === null ? "" : String(value);
    }),
    String(clip.frames.made),
    String(clip.frames.real),
    [...(clip.problem === null ? [] : [clip.problem]), ...Object.entries(clip.scores).flatMap(([metric, result]) => ("missing" in result ? [`${metric}: ${result.missing}`] : [])), ...clip.notes].join("; "),
  ]);
  return formatCsv([["system", "clip", ...scores.map(({ score }) => score.name), "frames made", "frames real", "remarks"], ...rows]);
}
