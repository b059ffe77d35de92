/** An evaluation as a page: scores, comparisons, how they spread, the worst clips to look at and to listen to. */
import { dirname, relative, resolve, sep } from "node:path";
import type { Metric, ScoreName } from "../metrics/metric.js";
import { distribution } from "../report/distribution.js";
import { chooser, sharedLegend } from "../report/footage.js";
import { type Html, html } from "../report/html.js";
import { page } from "../report/page.js";
import { type Cell, type Column, facts, table } from "../report/table.js";
import { type ClipView, clipViews } from "./clip-views.js";
import { figure, pValue } from "./present.js";
import { scoresOf } from "./registry.js";
import type { UnitResult } from "./score-unit.js";
import { type Evaluation, protocolsOf, remarksOf, type Summary, valueOf } from "./summary.js";
import type { Plan, Source } from "./units.js";

export interface PageOptions {
  readonly title: string;
  /** Name and value of what the user chose. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Clips that are shown with videos and curves, worst first. */
  readonly views: number;
  /** Where the page will lie: links to videos start from there. */
  readonly path: string;
  readonly onProgress: (done: number, total: number) => void;
}

/** The page's text. Reads the videos of the worst clips again. */
export async function evaluationPage(found: Evaluation, plan: Plan, options: PageOptions): Promise<string> {
  const lead = leadingScore(found);
  const ranked = lead === null ? [] : worstFirst(found, lead);
  const views = await clipViews(ranked.slice(0, options.views), found, plan, options.onProgress);
  const colours = new Map(found.systems.map(({ name }, i) => [name, i]));
  const remarks = remarksOf(found);
  return page({
    title: options.title,
    subtitle: `${found.systems.map(({ name }) => name).join(" · ")} — ${new Set(found.clips.map(({ clip }) => clip)).size} clips`,
    sections: [
      { id: "scores", title: "Scores", lead: "Mean over clips with its 95 % bootstrap interval. Only figures of one protocol compare; protocols stand at the end of the page.", content: scoreTable(found) },
      { id: "comparisons", title: "Comparisons", lead: "Clip by clip on the clips that both have: mean difference with its 95 % interval, and Wilcoxon's signed-rank test, two-sided, not corrected for the number of comparisons. Bold: p below 0.05.", content: comparisonTable(found) },
      { id: "distributions", title: "Distributions", lead: "A dot is a clip, the pale box holds the middle half, the upright bar is the mean and the thick line its 95 % interval.", content: distributions(found, colours) },
      { id: "clips", title: "Clips", ...(lead === null ? {} : { lead: `Worst ${lead.score.name} first; heads sort. Rows of clips that are shown below lead there.` }), content: clipTable(found, plan, views, ranked, options.path) },
      { id: "views", title: views.length === 1 ? "The clip" : "Worst clips", ...(lead === null ? {} : { lead: `The worst by ${lead.score.name}: videos together, the same instants below each other, scores frame by frame.` }), content: viewSection(views, found, colours) },
      { id: "remarks", title: "Left out, or unusual", content: remarks.length === 0 ? null : html`<ul class="remarks">${remarks.map((remark) => html`<li>${remark}</li>`)}</ul>` },
      { id: "settings", title: "Settings and protocols", content: html`${facts([...options.settings, ["Frames", found.pairing]])}<h3>Protocols</h3><ul class="protocols">${protocols(found)}</ul>` },
    ],
    footer: "Made by talkface eval. The page holds everything it shows; links in the table of clips lead to the videos where they lay.",
  });
}

interface Lead {
  readonly metric: Metric;
  readonly score: ScoreName;
}

/** The first score that the leading system has values of. */
function leadingScore({ systems, metrics }: Evaluation): Lead | null {
  return scoresOf(metrics).find(({ score }) => systems[0]!.scores[score.name] != null) ?? null;
}

/** Clips of the leading system that have a value, the worst first. */
function worstFirst({ systems, clips }: Evaluation, { metric, score }: Lead): string[] {
  const badness = (value: number): number => ({ higher: -value, lower: value, "near 1": Math.abs(value - 1), "near 0": Math.abs(value), "nearer real": -value })[score.better];
  return clips
    .flatMap((clip) => {
      const value = clip.system === systems[0]!.name ? valueOf(clip, metric, score.name) : null;
      return value === null ? [] : [{ clip: clip.clip, bad: badness(value) }];
    })
    .sort((a, b) => b.bad - a.bad)
    .map(({ clip }) => clip);
}

function scoreTable({ systems, metrics }: Evaluation): Html {
  const columns: Column[] = [{ title: "Score", kind: "text" }, ...systems.map(({ name }): Column => ({ title: name, kind: "number" })), { title: "Better", kind: "text" }];
  const rows = scoresOf(metrics).map(({ metric, score }): Cell[] => {
    const best = bestOf(systems.filter(({ isControl }) => !isControl).map(({ scores }) => scores[score.name]?.mean ?? null), score);
    return [
      { text: html`${score.name}${score.unit === "" ? null : html` <small>${score.unit}</small>`}`, sort: score.name, hint: metric.title },
      ...systems.map(({ scores, isControl }): Cell => {
        const summary = scores[score.name];
        if (summary == null) return { text: "–", sort: null, mark: "quiet", hint: summary === null ? "no clip has a value" : "says nothing here" };
        return { text: meanCell(summary), sort: summary.mean, hint: summary.protocolId, ...(!isControl && summary.mean === best ? { mark: "best" as const } : {}) };
      }),
      { text: score.better, mark: "quiet" },
    ];
  });
  return table(columns, rows, { caption: "Scores" });
}

function meanCell({ mean, ci95, n, of }: Summary): Html {
  const interval = ci95 === null ? "" : `[${figure(ci95[0], mean)}, ${figure(ci95[1], mean)}] `;
  return html`${figure(mean)}<small class="below">${interval}n ${n === of ? n : `${n} of ${of}`}</small>`;
}

/** Null where there is nobody to be better than. */
function bestOf(means: readonly (number | null)[], { better }: ScoreName): number | null {
  const known = means.filter((mean) => mean !== null);
  if (known.length < 2 || (better !== "higher" && better !== "lower")) return null;
  return better === "higher" ? Math.max(...known) : Math.min(...known);
}

const significant = 0.05;

function comparisonTable({ comparisons }: Evaluation): Html | null {
  if (comparisons.length === 0) return null;
  const columns: Column[] = [{ title: "Score", kind: "text" }, { title: "System", kind: "text" }, { title: "less", kind: "text" }, { title: "Difference", kind: "number" }, { title: "95 % interval", kind: "number" }, { title: "p", kind: "number" }, { title: "Clips", kind: "number" }];
  const rows = comparisons.map(({ score, a, b, difference, ci95, p, n }): Cell[] => [
    { text: score }, { text: a }, { text: b },
    { text: figure(difference), sort: difference, ...(p !== null && p < significant ? { mark: "best" as const } : {}) },
    { text: `[${figure(ci95[0], difference)}, ${figure(ci95[1], difference)}]`, sort: ci95[0] },
    { text: pValue(p).replace("p = ", "").replace("p < ", "< "), sort: p ?? 1 },
    { text: String(n), sort: n },
  ]);
  return table(columns, rows, { caption: "Comparisons" });
}

function distributions({ systems, clips, metrics }: Evaluation, colours: ReadonlyMap<string, number>): Html | null {
  const plots = scoresOf(metrics.filter(({ combine }) => combine === undefined)).flatMap(({ metric, score }) => {
    const groups = systems.flatMap(({ name, scores }) => {
      const summary = scores[score.name];
      if (summary == null) return [];
      const values = clips.filter(({ system }) => system === name).flatMap((clip) => {
        const value = valueOf(clip, metric, score.name);
        return value === null ? [] : [{ value, name: clip.clip }];
      });
      return [{ name, colour: colours.get(name)!, values, mean: summary.mean, interval: summary.ci95 }];
    });
    return groups.length === 0 ? [] : [distribution(groups, { title: score.name, unit: score.unit })];
  });
  return plots.length === 0 ? null : html`<div class="grid-of-plots">${plots}</div>`;
}

function clipTable({ clips, metrics, systems }: Evaluation, plan: Plan, views: readonly ClipView[], ranked: readonly string[], path: string): Html {
  const scores = scoresOf(metrics);
  const place = new Map(ranked.map((clip, i) => [clip, i]));
  const order = clips.toSorted((a, b) => (place.get(a.clip) ?? Infinity) - (place.get(b.clip) ?? Infinity) || 0);
  const several = systems.length > 1;
  const columns: Column[] = [
    { title: "Clip", kind: "text" },
    ...(several ? [{ title: "System", kind: "text" } as const] : []),
    ...scores.map(({ score, metric }): Column => ({ title: score.name, kind: "number", hint: metric.title })),
    { title: "Frames", kind: "number" },
    { title: "Videos", kind: "text" },
    ...(clips.some((clip) => remarksOf({ clips: [clip], systems: [] }).length > 0) ? [{ title: "Remarks", kind: "prose" } as const] : []),
  ];
  const rows = order.map((result): Cell[] => ([
    { text: result.clip, hint: result.clip },
    ...(several ? [{ text: result.system }] : []),
    ...scores.map(({ metric, score }): Cell => {
      const value = valueOf(result, metric, score.name);
      return value === null ? { text: "–", sort: null, mark: "quiet" } : { text: figure(value), sort: value };
    }),
    { text: String(result.frames.made), sort: result.frames.made },
    { text: linksOf(result, plan, path) },
    { text: remarksOf({ clips: [result], systems: [] }).map((remark) => remark.slice(result.clip.length + 2)).join("; "), mark: "quiet" },
  ] satisfies Cell[]).slice(0, columns.length));
  return table(columns, rows, { caption: "Clips", leadsTo: (row) => views.find(({ clip }) => clip === order[row]!.clip)?.id ?? null });
}

/** Links to the files of a clip, relative to the page. */
function linksOf(result: UnitResult, plan: Plan, path: string): Html {
  const unit = plan.units.find(({ system, clip }) => system === result.system && clip === result.clip);
  const link = (name: string, source: Source | null | undefined): Html[] => (source?.kind === "file" ? [html`<a href="${href(source.path, path)}">${name}</a> `] : []);
  return html`${link("made", unit?.made)}${link("real", unit?.real)}`;
}

function href(file: string, path: string): string {
  return relative(dirname(resolve(path)), file).split(sep).map(encodeURIComponent).join("/");
}

function viewSection(views: readonly ClipView[], { systems }: Evaluation, colours: ReadonlyMap<string, number>): Html | null {
  const chosen = chooser("Clip", views.map(({ id, clip, content }) => ({ id, name: clip, content })));
  if (chosen === null) return null;
  return html`${systems.length > 1 ? sharedLegend(systems.map(({ name }) => ({ name, colour: colours.get(name)! }))) : null}${chosen}`;
}

function protocols(found: Evaluation): Html[] {
  return protocolsOf(found).map(({ ids, protocol }) => html`<li>${ids.map((id) => html`<code>${id}</code> `)}${protocol}</li>`);
}
