/** From a plan to scores: what is known is kept, what is missing is computed, alone or in shares. */
import { TalkfaceError } from "../base/errors.js";
import type { Metric } from "../metrics/metric.js";
import { type Pairing, pairingProtocol } from "./frame-pairs.js";
import { scoreAll, type Task } from "./pool.js";
import { Records } from "./records.js";
import { isMeant, type UnitResult } from "./score-unit.js";
import { selfDriveProtocol } from "./self-drive.js";
import { type Evaluation, summarise } from "./summary.js";
import { type Plan, type Unit, unitId } from "./units.js";

export interface EvaluateOptions {
  readonly pairing: Pairing;
  /** Clips that are scored at once. */
  readonly jobs: number;
  /** Where scores are kept; null: nowhere. */
  readonly keep: string | null;
  readonly onProgress: (done: number, total: number) => void;
}

/** The part of the clips that this process scores, 0 <= index < count. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/** Scores everything that is not known yet. Throws what no single clip is to blame for. */
export async function evaluate(plan: Plan, wanted: readonly Metric[], options: EvaluateOptions): Promise<Evaluation> {
  const metrics = await withWeights(wanted);
  return summarise(plan, await scoreUnits(plan.units, metrics, options), metrics, protocolOf(plan, options.pairing));
}

/** Scores a share into `keep`; others do so at the same time. Returns what came of its clips. */
export async function evaluateShare(plan: Plan, metrics: readonly Metric[], options: EvaluateOptions & { readonly keep: string }, { index, count }: Share): Promise<UnitResult[]> {
  return scoreUnits(plan.units.filter((_, i) => i % count === index), await withWeights(metrics), options);
}

/** Puts together what shares have scored, and computes nothing. Throws `missing-file` where a clip is not through. */
export async function mergeShares(plan: Plan, wanted: readonly Metric[], { pairing, keep }: Pick<EvaluateOptions, "pairing"> & { readonly keep: string }): Promise<Evaluation> {
  const metrics = await withWeights(wanted);
  const known = await Promise.all(plan.units.map((unit) => knownOf(unit, metrics, pairing, keep)));
  const open = known.filter(({ left }) => left.length > 0);
  if (open.length > 0) {
    throw new TalkfaceError("missing-file", `${keep}: ${open.length} of ${plan.units.length} clips are not through, ${open[0]!.unit.clip} among them. Run the shares that were stopped again, or leave out --merge.`);
  }
  return summarise(plan, known.map(({ result }) => result!), metrics, protocolOf(plan, pairing));
}

/** Figures of other weights do not compare, and what was scored without any is scored again once they are here: protocols name them. */
async function withWeights(metrics: readonly Metric[]): Promise<Metric[]> {
  return Promise.all(metrics.map(async (metric) => {
    const digest = await metric.weights?.().catch(damaged);
    return digest == null ? metric : { ...metric, protocol: `${metric.protocol}; weights ${digest.slice(0, 12)}` };
  }));
}

/** What is wrong with weights is said where they are opened, by clip and metric. */
function damaged(error: unknown): null {
  if (error instanceof TalkfaceError) return null;
  throw error;
}

function protocolOf({ units }: Plan, pairing: Pairing): string {
  return [pairingProtocol(pairing), ...(units.some(({ made }) => made.kind === "driven") ? [selfDriveProtocol] : [])].join("; ");
}

interface Known {
  readonly unit: Unit;
  readonly id: string;
  readonly result: UnitResult | null;
  /** Metrics that are wanted of it, and those that are still to be computed. */
  readonly wanted: readonly string[];
  readonly left: readonly string[];
}

async function knownOf(unit: Unit, metrics: readonly Metric[], pairing: Pairing, keep: string | null): Promise<Known> {
  const wanted = metrics.filter((metric) => isMeant(metric, unit));
  const id = await unitId(unit, pairing);
  const result = keep === null ? null : await new Records(keep).read(id, wanted);
  const left = result?.problem != null ? [] : wanted.map(({ name }) => name).filter((name) => result?.scores[name] === undefined);
  return { unit, id, wanted: wanted.map(({ name }) => name), result: result ?? (wanted.length === 0 ? nothing(unit) : null), left };
}

function nothing({ system, clip }: Unit): UnitResult {
  return { system, clip, scores: {}, problem: null, notes: [], frames: { made: 0, real: 0 } };
}

/** Results in the order of the units. */
async function scoreUnits(units: readonly Unit[], metrics: readonly Metric[], { pairing, jobs, keep, onProgress }: EvaluateOptions): Promise<UnitResult[]> {
  const found = await Promise.all(units.map((unit) => knownOf(unit, metrics, pairing, keep)));
  // What could not be read is tried again: rights and disks are mended without a trace on the file.
  const known = found.map((each): Known => (each.result?.problem == null ? each : { ...each, left: each.wanted }));
  const results = new Map<Unit, UnitResult>(known.flatMap(({ unit, result, left }) => (result !== null && left.length === 0 ? [[unit, result]] : [])));
  const open = new Map(known.filter(({ left }) => left.length > 0).map((each) => [each.unit, each]));
  const tasks = [...open.values()].map(({ unit, left }): Task => ({ unit, metrics: left, pairing }));
  onProgress(results.size, units.length);
  await scoreAll(tasks, jobs, async ({ unit }, fresh) => {
    const { id, result } = open.get(unit)!;
    const both: UnitResult = result === null ? fresh : { ...fresh, notes: [...new Set([...result.notes, ...fresh.notes])], scores: ordered({ ...result.scores, ...fresh.scores }, metrics) };
    if (keep !== null) await new Records(keep).write(id, both, metrics);
    results.set(unit, both);
    onProgress(results.size, units.length);
  });
  return units.map((unit) => results.get(unit)!);
}

function ordered(scores: UnitResult["scores"], metrics: readonly Metric[]): UnitResult["scores"] {
  return Object.fromEntries(metrics.flatMap(({ name }) => (scores[name] === undefined ? [] : [[name, scores[name]] as const])));
}
