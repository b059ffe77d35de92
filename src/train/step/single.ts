/** One batch, one update, one run. */
import { stepGraph } from "../../systems/step-graph.js";
import { renewals, type TrainState } from "../state.js";
import { FeedbackBuffers } from "./feedback.js";
import type { Batch, Figures, Pace, StepRunner, StepSettings } from "./runner.js";
import { numbersOf, scalars, StepSession } from "./session.js";

export class SingleRunner implements StepRunner {
  readonly batchesPerUpdate = 1;
  readonly #session: StepSession;
  readonly #state: TrainState;
  readonly #buffers: FeedbackBuffers;

  private constructor(session: StepSession, state: TrainState, buffers: FeedbackBuffers) {
    this.#session = session;
    this.#state = state;
    this.#buffers = buffers;
  }

  static async open({ system, config, phase, rule, device, inPlace = true }: StepSettings, state: TrainState): Promise<SingleRunner> {
    const model = stepGraph(system, config, phase, rule).toModel();
    const buffers = new FeedbackBuffers(model, state, renewals(model), inPlace);
    return new SingleRunner(await StepSession.open(model, device, `${system.name} ${phase.name} step`), state, buffers);
  }

  get seconds(): number {
    return this.#session.seconds;
  }

  async run([batch]: readonly Batch[], [pace]: readonly Pace[]): Promise<readonly Figures[]> {
    const results = await this.#session.run({ ...batch, ...scalars({ ...(pace as Pace) }) }, this.#state, this.#buffers.targets());
    this.#buffers.turn();
    return [numbersOf(results)];
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}
