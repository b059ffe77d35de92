/**
 * One update with the mean gradient of several batches, of all ranks and of each one's own: as one batch that is so many times as
 * large, where losses are means.
 */
import { oneProcess } from "../../runtime/ranks.js";
import { gradientGraph, updateGraph } from "../../systems/step-graph.js";
import { renewals, type TrainState } from "../state.js";
import { FeedbackBuffers } from "./feedback.js";
import { Reduction } from "./reduction.js";
import type { Batch, Figures, Pace, StepRunner, StepSettings } from "./runner.js";
import { numbersOf, scalars, StepSession } from "./session.js";

interface Buffers {
  readonly totals: FeedbackBuffers;
  /** State of layers, which the gradient half renews with every batch. */
  readonly measured: FeedbackBuffers;
  readonly updated: FeedbackBuffers;
}

export class MeanGradientRunner implements StepRunner {
  readonly batchesPerUpdate: number;
  readonly #gradients: StepSession;
  readonly #updates: StepSession;
  readonly #state: TrainState;
  /** `total.G` of each group. */
  readonly #totals: Map<string, Float32Array>;
  readonly #buffers: Buffers;
  readonly #reduction: Reduction;
  /** Names of the layers' state. */
  readonly #measures: readonly string[];

  private constructor(gradients: StepSession, updates: StepSession, state: TrainState, totals: Map<string, Float32Array>, buffers: Buffers, batchesPerUpdate: number, reduction: Reduction, measures: readonly string[]) {
    this.#gradients = gradients;
    this.#updates = updates;
    this.#state = state;
    this.#totals = totals;
    this.#buffers = buffers;
    this.batchesPerUpdate = batchesPerUpdate;
    this.#reduction = reduction;
    this.#measures = measures;
  }

  static async open({ system, config, phase, rule, device, accumulate, ranks = oneProcess, inPlace = true }: StepSettings, state: TrainState): Promise<MeanGradientRunner> {
    const first = gradientGraph(system, config, phase, { accumulate }).toModel();
    const second = updateGraph(system, config, phase, rule).toModel();
    const totals = new Map(phase.groups.map((group) => [`total.${group}`, new Float32Array((state.get(`theta.${group}`) as Float32Array).length)]));
    const sums = phase.groups.map((group) => ({ input: `total.${group}`, output: `grad.${group}` }));
    const measured = renewals(first);
    const buffers: Buffers = {
      totals: new FeedbackBuffers(first, totals, sums, inPlace),
      measured: new FeedbackBuffers(first, state, measured, inPlace),
      updated: new FeedbackBuffers(second, state, renewals(second), inPlace),
    };
    const where = `${system.name} ${phase.name}`;
    const [gradients, updates] = [await StepSession.open(first, device, `${where} gradients`), await StepSession.open(second, device, `${where} update`)];
    return new MeanGradientRunner(gradients, updates, state, totals, buffers, accumulate, new Reduction(ranks), measured.map(({ input }) => input));
  }

  get seconds(): number {
    return this.#gradients.seconds + this.#updates.seconds;
  }

  async run(batches: readonly Batch[], [pace]: readonly Pace[]): Promise<readonly Figures[]> {
    const { totals, measured, updated } = this.#buffers;
    for (const total of this.#totals.values()) total.fill(0);
    const means: Record<string, number> = {};
    for (const batch of batches) {
      const results = await this.#gradients.run(batch, new Map([...this.#state, ...this.#totals]), { ...totals.targets(), ...measured.targets() });
      totals.turn();
      measured.turn();
      for (const [name, value] of Object.entries(numbersOf(results))) means[name] = (means[name] ?? 0) + value / batches.length;
    }
    this.#reduction.apply([...this.#totals.values(), ...this.#measures.map((name) => this.#state.get(name) as Float32Array)], means);
    const gradients = new Map([...this.#totals].map(([name, total]) => [name.replace(/^total/, "grad"), total]));
    const results = await this.#updates.run(scalars({ ...means, ...(pace as Pace) }), new Map([...this.#state, ...gradients]), updated.targets());
    updated.turn();
    return [{ ...means, ...numbersOf(results) }];
  }

  close(): Promise<void> {
    return Promise.all([this.#gradients.release(), this.#updates.release()]).then(() => undefined);
  }
}
