/** Up to `stepsPerRun` updates in one run: the step graph as the body of a loop, the state in ONNX Runtime between its iterations. */
import { arrayClass } from "../../graph/dtype.js";
import { iterations, loopModel } from "../../graph/loop.js";
import { type Tensor, tensorOf, zerosTensor } from "../../runtime/tensor.js";
import { stepGraph } from "../../systems/step-graph.js";
import { renewals, type TrainState } from "../state.js";
import { FeedbackBuffers } from "./feedback.js";
import type { Batch, Figures, Pace, StepRunner, StepSettings } from "./runner.js";
import { numbersOf, StepSession } from "./session.js";

const paceNames = ["step", "rate", "memory"] as const;

export class LoopRunner implements StepRunner {
  readonly batchesPerUpdate = 1;
  readonly #most: number;
  readonly #session: StepSession;
  readonly #state: TrainState;
  readonly #buffers: FeedbackBuffers;
  /** The iterations' own inputs, [stepsPerRun, ...] each. */
  readonly #stacks: Readonly<Record<string, Tensor>>;

  private constructor(session: StepSession, state: TrainState, buffers: FeedbackBuffers, stacks: Readonly<Record<string, Tensor>>, most: number) {
    this.#session = session;
    this.#state = state;
    this.#buffers = buffers;
    this.#stacks = stacks;
    this.#most = most;
  }

  static async open({ system, config, phase, rule, device, stepsPerRun, inPlace = true }: StepSettings, state: TrainState): Promise<LoopRunner> {
    const body = stepGraph(system, config, phase, rule).toModel();
    const carried = renewals(body);
    const own = body.graph.inputs.filter(({ name }) => !state.has(name));
    const model = loopModel(body, { carried, stacked: own.map(({ name }) => name), most: stepsPerRun });
    const stacks = Object.fromEntries(own.map(({ name, dtype, shape }) => [name, zerosTensor(dtype, [stepsPerRun, ...(shape as number[])])]));
    const session = await StepSession.open(model, device, `${system.name} ${phase.name} steps`);
    return new LoopRunner(session, state, new FeedbackBuffers(model, state, carried, inPlace), stacks, stepsPerRun);
  }

  get seconds(): number {
    return this.#session.seconds;
  }

  async run(batches: readonly Batch[], paces: readonly Pace[]): Promise<readonly Figures[]> {
    for (const [name, { data, dtype }] of Object.entries(this.#stacks)) {
      const size = data.length / this.#most;
      const known = paceNames.find((each) => each === name);
      paces.forEach((pace, i) => {
        const row = known === undefined ? batches[i]![name]!.data : Float32Array.of(pace[known]);
        const target = data.subarray(i * size, (i + 1) * size);
        if (!(row instanceof arrayClass(dtype)) || row.length !== size) throw new RangeError(`internal: batch field ${name} has ${row.length} elements, expected ${size}`);
        (target as Float32Array).set(row as Float32Array);
      });
    }
    const results = await this.#session.run({ ...this.#stacks, [iterations]: tensorOf("int64", [paces.length], []) }, this.#state, this.#buffers.targets());
    this.#buffers.turn();
    return paces.map((_, i) => numbersOf(results, i));
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}
