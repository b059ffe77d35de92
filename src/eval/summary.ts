/** What the scores of clips come to: means with intervals, systems side by side. Pure functions. */
import { sha256 } from "../base/files.js";
import { bootstrapDifference, bootstrapMean } from "../metrics/bootstrap.js";
import type { Metric, Scores } from "../metrics/metric.js";
import { signedRank } from "../metrics/wilcoxon.js";
import { scoresOf } from "./registry.js";
import { isMeant, type UnitResult } from "./score-unit.js";
import type { Plan } from "./units.js";

export interface Summary {
  readonly mean: number;
  /** Standard deviation over clips (n - 1); 0 for a single one, null for a score of the whole set. */
  readonly sd: number | null;
  readonly ci95: readonly [low: number, high: number] | null;
  /** Clips that have a value. */
  readonly n: number;
  /** Clips that there are. */
  readonly of: number;
  readonly protocol: string;
  /** Short for the protocol: figures with the same one compare. */
  readonly protocolId: string;
}

/** `b` against `a` on the clips that both have a value for. */
export interface Comparison {
  readonly score: string;
  readonly a: string;
  readonly b: string;
  /** Mean of a - b. */
  readonly difference: number;
  readonly ci95: readonly [low: number, high: number];
  readonly n: number;
  /** Wilcoxon's signed-rank test, two-sided; null where all differences are zero. */
  readonly p: number | null;
}

export interface SystemSummary {
  readonly name: string;
  readonly isControl: boolean;
  /** By score; null where no clip has a value. Scores that are not meant for a control are absent. */
  readonly scores: Readonly<Record<string, Summary | null>>;
}

export interface Evaluation {
  readonly systems: readonly SystemSummary[];
  readonly comparisons: readonly Comparison[];
  /** In the order of the plan, systems by systems. */
  readonly clips: readonly UnitResult[];
  readonly metrics: readonly Metric[];
  /** How frames met; part of every protocol. */
  readonly pairing: string;
}

/** Joins the results of all units. `results` lie in the order of the plan's units. */
export function summarise(plan: Plan, results: readonly UnitResult[], metrics: readonly Metric[], pairing: string): Evaluation {
  const lost = plan.unpaired.map(({ system, clip, problem }): UnitResult => ({ system, clip, problem, notes: [], scores: {}, frames: { made: 0, real: 0 } }));
  const clips = plan.systems.flatMap((system) => [...results, ...lost].filter((result) => result.system === system).sort((a, b) => (a.clip < b.clip ? -1 : 1)));
  const systems = plan.systems.map((name): SystemSummary => {
    const only = plan.units.find((unit) => unit.system === name)?.only;
    const own = clips.filter(({ system }) => system === name);
    const meant = metrics.filter((metric) => isMeant(metric, only === undefined ? {} : { only }));
    return {
      name,
      isControl: isControl(name),
      scores: Object.fromEntries(scoresOf(meant).map(({ metric, score }) => [score.name, summaryOf(own, metric, score.name, `${metric.protocol}; ${pairing}`)])),
    };
  });
  return { systems, comparisons: compare(systems, clips, metrics), clips, metrics, pairing };
}

/** Systems that stand for no method; their names begin so. */
export const controlPrefix = "control: ";

export function isControl(system: string): boolean {
  return system.startsWith(controlPrefix);
}

/** Every protocol that was followed, once, with the ids of the figures that followed it. */
export function protocolsOf({ systems }: Pick<Evaluation, "systems">): { readonly ids: readonly string[]; readonly protocol: string }[] {
  const ids = new Map<string, Set<string>>();
  for (const { scores } of systems) {
    for (const summary of Object.values(scores)) if (summary !== null) ids.set(summary.protocol, (ids.get(summary.protocol) ?? new Set()).add(summary.protocolId));
  }
  return [...ids].map(([protocol, own]) => ({ protocol, ids: [...own] }));
}

/** A clip's value of a score; null where it has none. */
export function valueOf({ scores }: UnitResult, metric: Metric, score: string): number | null {
  const result = scores[metric.name];
  return result === undefined || "missing" in result ? null : (result.values[score] ?? null);
}

function summaryOf(clips: readonly UnitResult[], metric: Metric, score: string, protocol: string): Summary | null {
  const about = { of: clips.length, protocol, protocolId: `${score}@${sha256(protocol).slice(0, 8)}` };
  if (metric.combine !== undefined) {
    const pools = clips.flatMap(({ scores }) => {
      const pool = (scores[metric.name] as Partial<Scores> | undefined)?.pool;
      return pool === undefined ? [] : [Float64Array.from(pool)];
    });
    const value = pools.length === 0 ? undefined : metric.combine(pools)[score];
    return value === undefined || !Number.isFinite(value) ? null : { mean: value, sd: null, ci95: null, n: pools.length, ...about };
  }
  const values = clips.map((clip) => valueOf(clip, metric, score)).filter((value) => value !== null);
  if (values.length === 0) return null;
  const { mean, low, high, count } = bootstrapMean(values);
  const sd = count === 1 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  return { mean, sd, ci95: [low, high], n: count, ...about };
}

/** Every method against every later system, controls among them, for each score that both have on at least two clips. */
function compare(systems: readonly SystemSummary[], clips: readonly UnitResult[], metrics: readonly Metric[]): Comparison[] {
  const list = scoresOf(metrics.filter(({ combine }) => combine === undefined));
  const valuesOf = (system: string, metric: Metric, score: string): Map<string, number> =>
    new Map(clips.filter((clip) => clip.system === system).flatMap((clip) => {
      const value = valueOf(clip, metric, score);
      return value === null ? [] : [[clip.clip, value] as const];
    }));
  return systems.flatMap((a, i) =>
    a.isControl ? [] : systems.slice(i + 1).flatMap((b) =>
      list.flatMap(({ metric, score }): Comparison[] => {
        const [own, other] = [valuesOf(a.name, metric, score.name), valuesOf(b.name, metric, score.name)];
        const shared = [...own.keys()].filter((clip) => other.has(clip));
        if (shared.length < 2) return [];
        const [x, y] = [shared.map((clip) => own.get(clip)!), shared.map((clip) => other.get(clip)!)];
        const { mean, low, high, count } = bootstrapDifference(x, y);
        return [{ score: score.name, a: a.name, b: b.name, difference: mean, ci95: [low, high], n: count, p: signedRank(x.map((value, k) => value - y[k]!))?.p ?? null }];
      }),
    ),
  );
}

/** Everything that is wrong or unusual, a line each; what is the same for every clip of a system that was read is said once. */
export function remarksOf({ clips, systems }: Pick<Evaluation, "clips" | "systems">): string[] {
  const readable = (system: string): number => clips.filter((clip) => clip.system === system && clip.problem === null).length;
  const counts = new Map<string, number>();
  const own = clips.map((clip) => {
    const remarks = [
      ...(clip.problem === null ? [] : [`not scored: ${clip.problem}`]),
      ...Object.entries(clip.scores).flatMap(([metric, result]) => ("missing" in result ? [`no ${metric}: ${result.missing}`] : [])),
      ...clip.notes,
    ];
    for (const remark of remarks) counts.set(JSON.stringify([clip.system, remark]), (counts.get(JSON.stringify([clip.system, remark])) ?? 0) + 1);
    return { clip, remarks };
  });
  const said = new Set<string>();
  return own.flatMap(({ clip: { system, clip }, remarks }) =>
    remarks.flatMap((remark) => {
      const key = JSON.stringify([system, remark]);
      const where = systems.length > 1 ? `${system}: ` : "";
      if (counts.get(key)! < 3 || counts.get(key) !== readable(system)) return [`${where}${clip}: ${remark}`];
      if (said.has(key)) return [];
      said.add(key);
      return [`${where}all ${counts.get(key)} clips: ${remark}`];
    }),
  );
}
