/** Validation: what a phase's averaged weights do on people that training never sees. */
import type { BatchArrays } from "../data/window-batch.js";
import { fillBatch, framesOf, validationWindows } from "../data/window-batch.js";
import { clipsFor, WindowSampler } from "../data/window-sampler.js";
import type { Device } from "../runtime/devices.js";
import { createSession, type Session } from "../runtime/session.js";
import { floats, type Tensor } from "../runtime/tensor.js";
import { sampleGraph } from "../systems/graphs.js";
import { stateNames } from "../systems/step-graph.js";
import type { BatchField, Phase, System } from "../systems/system.js";
import { Averages } from "./journal.js";
import type { Run } from "./run.js";
import { writeSampleSheet } from "./samples.js";
import type { TrainState } from "./state.js";
import type { Batch } from "./step/runner.js";
import { numbersOf } from "./step/session.js";

/** Scores the averages of the weights on people that training never sees, always on the same windows. */
export class Judge {
  readonly #run: Run;
  readonly #phase: Phase<unknown>;
  readonly #sampler: PhaseSampler;
  readonly #batches: readonly BatchArrays[];

  private constructor(run: Run, phase: Phase<unknown>, sampler: PhaseSampler, batches: readonly BatchArrays[]) {
    this.#run = run;
    this.#phase = phase;
    this.#sampler = sampler;
    this.#batches = batches;
  }

  static async open(run: Run, phase: Phase<unknown>, fields: readonly BatchField[]): Promise<Judge | null> {
    const { batch: count, frames } = framesOf(fields);
    const clips = clipsFor(run.validation, fields);
    if (run.ranks.rank !== 0 || !clips.some((clip) => clip.frames >= frames)) return null;
    const sampler = new WindowSampler(clips, frames, 1);
    const batches: BatchArrays[] = [];
    for (let i = 0; i < run.config.validationBatches; i++) {
      batches.push(await fillBatch(run.cache, run.contract, sampler.choose(i, count, frames), fields, validationWindows));
    }
    return new Judge(run, phase, await PhaseSampler.open(run.system, run.systemConfig, phase, run.options.device), batches);
  }

  async report(state: TrainState, step: number, withSheet: boolean): Promise<void> {
    const averages = new Averages();
    for (const [i, batch] of this.#batches.entries()) {
      const { figures, pictures } = await this.#sampler.run(batch, state);
      averages.add(figures);
      if (i === 0 && withSheet) await this.#keepSheet(step, pictures);
    }
    const figures = averages.take();
    await this.#run.best.offer(this.#run, this.#phase, state, step, figures);
    await this.#run.journal.write({ kind: "validation", step, phase: this.#phase.name, ...figures });
  }

  async #keepSheet(step: number, pictures: Readonly<Record<string, Tensor>>): Promise<void> {
    const sheet = await writeSampleSheet(this.#run.options.out, step, pictures);
    if (sheet !== null) await this.#run.journal.write({ kind: "samples", step, phase: this.#phase.name, ...sheet });
  }

  close(): Promise<void> {
    return this.#sampler.close();
  }
}

/** Losses, figures and pictures of a phase without learning. */
class PhaseSampler {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async open(system: System, config: unknown, phase: Phase<unknown>, device: Device): Promise<PhaseSampler> {
    const session = await createSession(sampleGraph(system, config, phase).toModel(), { device, where: `${system.name} ${phase.name} samples` });
    return new PhaseSampler(session);
  }

  /** Uses the moving averages of the weights, and what layers measured as it is. */
  async run(batch: Batch, state: TrainState): Promise<{ readonly figures: Record<string, number>; readonly pictures: Record<string, Tensor> }> {
    const feeds: Record<string, Tensor> = {};
    for (const { name } of this.#session.inputs) {
      const group = /^theta\.(.+)$/.exec(name)?.[1];
      const vector = state.get(group === undefined ? name : stateNames(group).average);
      const own = batch[name];
      if (vector !== undefined) feeds[name] = floats(vector, [vector.length]);
      else if (own !== undefined) feeds[name] = own;
    }
    const results = await this.#session.run(feeds);
    const pictures = Object.fromEntries(Object.entries(results).flatMap(([name, tensor]) => (name.startsWith("picture.") ? [[name.slice(8), tensor]] : [])));
    return { figures: numbersOf(results), pictures };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
