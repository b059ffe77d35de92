/** One batch, one update, one run, with the state in the device's memory from the first update until someone asks for it (WebGPU). */
import { setImmediate as turn } from "node:timers/promises";
import { StatefulSession } from "../../runtime/stateful-session.js";
import { floats, type Tensor } from "../../runtime/tensor.js";
import { stepGraph } from "../../systems/step-graph.js";
import { renewals, type TrainState } from "../state.js";
import type { Batch, Figures, Pace, StepRunner, StepSettings } from "./runner.js";
import { numbersOf, scalars } from "./session.js";

export class OnDeviceRunner implements StepRunner {
  readonly batchesPerUpdate = 1;
  seconds = 0;
  readonly #session: StatefulSession;
  readonly #state: TrainState;
  /** Inputs that stay as they are on the device, and those that every run is given. */
  readonly #kept: readonly string[];
  readonly #given: readonly string[];

  private constructor(session: StatefulSession, state: TrainState, kept: readonly string[], given: readonly string[]) {
    this.#session = session;
    this.#state = state;
    this.#kept = kept;
    this.#given = given;
  }

  static async open({ system, config, phase, rule, device }: StepSettings, state: TrainState): Promise<OnDeviceRunner> {
    const model = stepGraph(system, config, phase, rule).toModel();
    const pairs = renewals(model);
    const kept = pairs.map(({ input }) => input);
    const session = await StatefulSession.open(model, pairs, { device, training: true, where: `${system.name} ${phase.name} step` });
    session.write(Object.fromEntries(kept.map((name) => [name, vectorOf(state, name)])));
    return new OnDeviceRunner(session, state, kept, model.graph.inputs.map(({ name }) => name).filter((name) => !kept.includes(name)));
  }

  async run([batch]: readonly Batch[], [pace]: readonly Pace[]): Promise<readonly Figures[]> {
    const tensors: Readonly<Record<string, Tensor>> = { ...batch, ...scalars({ ...(pace as Pace) }) };
    const feeds = Object.fromEntries(this.#given.map((name) => [name, this.#state.has(name) ? vectorOf(this.#state, name) : (tensors[name] as Tensor)]));
    await turn(); // what has piled up in this thread is not the run's
    const started = performance.now();
    const results = await this.#session.run(feeds);
    this.seconds += (performance.now() - started) / 1000;
    return [numbersOf(results)];
  }

  async collect(): Promise<void> {
    const vectors = await this.#session.read();
    for (const name of this.#kept) this.#state.get(name)!.set(vectors[name]!.data as Float32Array);
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

function vectorOf(state: TrainState, name: string): Tensor {
  const vector = state.get(name) as Float32Array;
  return floats(vector, [vector.length]);
}
