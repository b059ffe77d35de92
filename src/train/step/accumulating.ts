/** One update with the mean gradient of several batches: as one batch that is so many times as large, where losses are means. */
import { gradientGraph, updateGraph } from "../../systems/step-graph.js";
import { renewals, type TrainState } from "../state.js";
import { FeedbackBuffers } from "./feedback.js";
import type { Batch, Figures, Pace, StepRunner, StepSettings } from "./runner.js";
import { numbersOf, scalars, StepSession } from "./session.js";

export class AccumulatingRunner implements StepRunner {
  readonly batchesPerUpdate: number;
  readonly updatesPerRun = 1;
  readonly #gradients: StepSession;
  readonly #updates: StepSession;
  readonly #state: TrainState;
  readonly #buffers: FeedbackBuffers;
  /** `total.G` of each group, and what adds to it. */
  readonly #totals: Map<string, Float32Array>;
  readonly #adding: FeedbackBuffers;

  private constructor(gradients: StepSession, updates: StepSession, state: TrainState, buffers: FeedbackBuffers, totals: Map<string, Float32Array>, adding: FeedbackBuffers, batchesPerUpdate: number) {
    this.#gradients = gradients;
    this.#updates = updates;
    this.#state = state;
    this.#buffers = buffers;
    this.#totals = totals;
    this.#adding = adding;
    this.batchesPerUpdate = batchesPerUpdate;
  }

  static async open({ system, config, phase, rule, device, accumulate, inPlace = true }: StepSettings, state: TrainState): Promise<AccumulatingRunner> {
    const first = gradientGraph(system, config, phase, { accumulate }).toModel();
    const second = updateGraph(system, config, phase, rule).toModel();
    const totals = new Map(phase.groups.map((group) => [`total.${group}`, new Float32Array((state.get(`theta.${group}`) as Float32Array).length)]));
    const adding = new FeedbackBuffers(first, totals, phase.groups.map((group) => ({ input: `total.${group}`, output: `grad.${group}` })), inPlace);
    const buffers = new FeedbackBuffers(second, state, renewals(phase.groups, rule), inPlace);
    const where = `${system.name} ${phase.name}`;
    return new AccumulatingRunner(await StepSession.open(first, device, `${where} gradients`), await StepSession.open(second, device, `${where} update`), state, buffers, totals, adding, accumulate);
  }

  get seconds(): number {
    return this.#gradients.seconds + this.#updates.seconds;
  }

  async run(batches: readonly Batch[], [pace]: readonly Pace[]): Promise<readonly Figures[]> {
    for (const total of this.#totals.values()) total.fill(0);
    const means: Record<string, number> = {};
    for (const batch of batches) {
      const results = await this.#gradients.run(batch, new Map([...this.#state, ...this.#totals]), this.#adding.targets());
      this.#adding.turn();
      for (const [name, value] of Object.entries(numbersOf(results))) means[name] = (means[name] ?? 0) + value / batches.length;
    }
    const gradients = new Map([...this.#totals].map(([name, total]) => [name.replace(/^total/, "grad"), total]));
    const results = await this.#updates.run(scalars({ ...means, ...(pace as Pace) }), new Map([...this.#state, ...gradients]), this.#buffers.targets());
    this.#buffers.turn();
    return [{ ...means, ...numbersOf(results) }];
  }

  close(): Promise<void> {
    return Promise.all([this.#gradients.release(), this.#updates.release()]).then(() => undefined);
  }
}
