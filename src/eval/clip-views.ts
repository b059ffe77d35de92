/** Clips to look at: videos side by side, strips of frames, scores frame by frame. */
import { TalkfaceError } from "../base/errors.js";
import { curves, type Curve } from "../report/curves.js";
import { players, strips } from "../report/footage.js";
import { type Html, html } from "../report/html.js";
import { facts } from "../report/table.js";
import { clipFootage, type Shown } from "./clip-footage.js";
import { figure } from "./present.js";
import { scoresOf } from "./registry.js";
import type { UnitResult } from "./score-unit.js";
import { scoredFps, Sources } from "./sources.js";
import { type Evaluation, valueOf } from "./summary.js";
import type { Plan } from "./units.js";

export interface ClipView {
  readonly id: string;
  readonly clip: string;
  readonly content: Html;
}

/** Views of clips, in the order given. */
export async function clipViews(clips: readonly string[], found: Evaluation, plan: Plan, onProgress: (done: number, total: number) => void): Promise<ClipView[]> {
  const sources = new Sources();
  const views: ClipView[] = [];
  try {
    for (const [i, clip] of clips.entries()) {
      const results = found.clips.filter((result) => result.clip === clip && result.problem === null && Object.keys(result.scores).length > 0);
      const content = html`${await footageOf(clip, sources, shownOf(clip, results, found, plan))}${valuesOf(results, found)}<div class="grid-of-plots">${plotsOf(results, found)}</div>`;
      views.push({ id: `clip-${i}`, clip, content });
      onProgress(i + 1, clips.length);
    }
  } finally {
    await sources.close();
  }
  return views;
}

/** Videos and strips; a file that went away since it was scored is named in their place. */
async function footageOf(clip: string, sources: Sources, shown: readonly Shown[]): Promise<Html> {
  try {
    const { footage, strips: rows } = await clipFootage(sources, shown);
    return html`${players(footage, `videos of ${clip}`)}${strips(rows)}`;
  } catch (error) {
    if (!(error instanceof TalkfaceError) || error.code === "internal") throw error;
    return html`<p class="lead">The videos cannot be shown: ${error.message}</p>`;
  }
}

/** The real video first, then what each method made of it. Controls are heard of in numbers. */
function shownOf(clip: string, results: readonly UnitResult[], { systems }: Evaluation, plan: Plan): Shown[] {
  const units = systems.filter(({ isControl }) => !isControl).flatMap(({ name }) => plan.units.filter((unit) => unit.system === name && unit.clip === clip));
  const framesOf = (system: string): UnitResult["frames"] | undefined => results.find((result) => result.system === system)?.frames;
  const real = units.find((unit) => unit.real !== null && framesOf(unit.system) !== undefined);
  return [
    ...(real === undefined ? [] : [{ name: "real", source: real.real!, sound: null, frames: framesOf(real.system)!.real }]),
    ...units.flatMap(({ system, made, sound }): Shown[] => {
      const frames = framesOf(system)?.made;
      return frames === undefined ? [] : [{ name: systems.length > 1 ? system : "made", source: made, sound, frames }];
    }),
  ];
}

function valuesOf(results: readonly UnitResult[], { metrics, systems }: Evaluation): Html {
  const several = systems.length > 1;
  const scores = scoresOf(metrics);
  return facts(results.map((result) => [
    several ? result.system : "scores",
    scores.flatMap(({ metric, score }) => {
      const value = valueOf(result, metric, score.name);
      return value === null ? [] : [`${score.name}\u00a0${figure(value)}`];
    }).join(", "),
  ]));
}

/** A plot for each metric that has a value a frame, all systems in it, and one for what metrics give beside. */
function plotsOf(results: readonly UnitResult[], { metrics, systems }: Evaluation): Html[] {
  const colourOf = (system: string): number => systems.findIndex(({ name }) => name === system);
  return metrics.flatMap((metric) => {
    const score = metric.scores[0]!;
    const lines = results.flatMap((result): Curve[] => {
      const scores = result.scores[metric.name];
      return scores === undefined || "missing" in scores || scores.perFrame === undefined ? [] : [{ name: result.system, values: scores.perFrame, colour: colourOf(result.system) }];
    });
    const beside = results.filter(({ system }) => systems.find(({ name }) => name === system)?.isControl === false).flatMap((result) => {
      const scores = result.scores[metric.name];
      const list = scores === undefined || "missing" in scores ? [] : Object.entries(scores.curves ?? {});
      return list.length === 0 ? [] : [{ title: systems.length > 1 ? `${metric.title}: ${result.system}` : metric.title, list: list.map(([name, values], i): Curve => ({ name, values, colour: i === 0 ? colourOf(result.system) : 7 })) }];
    });
    const along = { along: "seconds", perUnit: scoredFps };
    return [...(lines.length === 0 ? [] : [curves(lines, { title: score.name, unit: score.unit, ...along })]), ...beside.map(({ title, list }) => curves(list, { title, unit: "", ...along }))];
  });
}
