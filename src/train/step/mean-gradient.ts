/**
 * One update with the mean gradient of several batches, of all ranks and of each one's own: as one batch that is so many times as
 * large, where losses are means. Also the way of large networks: gradients and weights are cut and joined by views of vectors outside
 * the graph, and the update goes piece by piece.
 */
import { type ParamTable, placesOf } from "../../nn/params.js";
import { oneProcess } from "../../runtime/ranks.js";
import { paramTables, weightName } from "../../systems/phase-graph.js";
import { gradientGraph, gradientName, stateNames, totalName } from "../../systems/step-graph.js";
import { renewals, type TrainState } from "../state.js";
import { FeedbackBuffers } from "./feedback.js";
import { PieceUpdate } from "./pieces.js";
import { Reduction } from "./reduction.js";
import type { Batch, Figures, Pace, StepRunner, StepSettings } from "./runner.js";
import { numbersOf, StepSession } from "./session.js";

/** A group that learns: its gradient [P], zeros where a weight is not in use, and its update. */
interface Learner {
  readonly group: string;
  readonly gradient: Float32Array;
  readonly update: PieceUpdate;
}

interface Parts {
  readonly session: StepSession;
  readonly learners: readonly Learner[];
  /** Views of the weights by their names in the graph. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Views of the gradients: where the sums so far come from and go to. */
  readonly totals: Map<string, Float32Array>;
  readonly sums: FeedbackBuffers;
  /** State of layers, which the gradient half renews with every batch. */
  readonly measured: FeedbackBuffers;
  /** Its names. */
  readonly measures: readonly string[];
}

export class MeanGradientRunner implements StepRunner {
  readonly batchesPerUpdate: number;
  readonly #parts: Parts;
  readonly #state: TrainState;
  readonly #reduction: Reduction;

  private constructor(parts: Parts, state: TrainState, batchesPerUpdate: number, reduction: Reduction) {
    this.#parts = parts;
    this.#state = state;
    this.batchesPerUpdate = batchesPerUpdate;
    this.#reduction = reduction;
  }

  static async open({ system, config, phase, rule, device, accumulate, ranks = oneProcess, inPlace = true }: StepSettings, state: TrainState): Promise<MeanGradientRunner> {
    const model = gradientGraph(system, config, phase, { accumulate }).toModel();
    const where = `${system.name} ${phase.name}`;
    const session = await StepSession.open(model, device, `${where} gradients`);
    const tables = paramTables(system, config);
    const weights = new Map([...tables].flatMap(([group, table]) => viewsOf(table, state.get(stateNames(group).theta) as Float32Array).map(([name, view]) => [weightName(group, name), view] as const)));
    const learners: Learner[] = [];
    const totals = new Map<string, Float32Array>();
    for (const group of phase.groups) {
      const table = tables.get(group) as ParamTable;
      const gradient = new Float32Array(table.size);
      learners.push({ group, gradient, update: await PieceUpdate.open({ group, rule, device, inPlace, where }, state) });
      for (const [name, view] of viewsOf(table, gradient)) {
        if (model.graph.outputs.some((output) => output.name === gradientName(group, name))) totals.set(totalName(group, name), view);
      }
    }
    const sums = [...totals.keys()].map((input) => ({ input, output: input.replace(/^total/, "grad") }));
    const measured = renewals(model);
    const parts: Parts = {
      session,
      learners,
      weights,
      totals,
      sums: new FeedbackBuffers(model, totals, sums),
      measured: new FeedbackBuffers(model, state, measured, inPlace),
      measures: measured.map(({ input }) => input),
    };
    if (parts.sums.doubled.length > 0) throw new RangeError(`internal: ${parts.sums.doubled.join(", ")} cannot be summed in place`);
    return new MeanGradientRunner(parts, state, accumulate, new Reduction(ranks));
  }

  get seconds(): number {
    const { session, learners } = this.#parts;
    return learners.reduce((sum, { update }) => sum + update.seconds, session.seconds);
  }

  async run(batches: readonly Batch[], [pace]: readonly Pace[]): Promise<readonly Figures[]> {
    const { session, learners, weights, totals, sums, measured, measures } = this.#parts;
    if (batches.length > 1) for (const { gradient } of learners) gradient.fill(0);
    const means: Record<string, number> = {};
    for (const batch of batches) {
      const results = await session.run(batch, new Map([...this.#state, ...weights, ...totals]), { ...sums.targets(), ...measured.targets() });
      measured.turn();
      for (const [name, value] of Object.entries(numbersOf(results))) means[name] = (means[name] ?? 0) + value / batches.length;
    }
    this.#reduction.apply([...learners.map(({ gradient }) => gradient), ...measures.map((name) => this.#state.get(name) as Float32Array)], means);
    const figures: Record<string, number> = { ...means };
    for (const { group, gradient, update } of learners) {
      const { norm, skipped } = await update.run(gradient, means[`loss.${group}`] as number, pace as Pace);
      figures[`norm.${group}`] = norm;
      figures[`skipped.${group}`] = skipped;
    }
    return [figures];
  }

  close(): Promise<void> {
    const { session, learners } = this.#parts;
    return Promise.all([session.release(), ...learners.map(({ update }) => update.close())]).then(() => undefined);
  }
}

/** A vector's parts by name, not copied. */
function viewsOf(table: ParamTable, vector: Float32Array): [string, Float32Array][] {
  return [...placesOf(table)].map(([name, { offset, size }]) => [name, vector.subarray(offset, offset + size)]);
}
