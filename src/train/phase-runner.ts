/** One phase as a running step graph: takes batches, keeps theta, moments and the weights' moving average in place. */
import { TalkfaceError } from "../base/errors.js";
import { initialValues, type ParamTable } from "../nn/params.js";
import type { UpdateRule } from "../nn/optimizers/optimizer.js";
import { createSession, type Session } from "../runtime/session.js";
import type { Device } from "../runtime/devices.js";
import { floats, type Tensor } from "../runtime/tensor.js";
import { sampleGraph } from "../systems/graphs.js";
import { momentNames, stateNames, stepGraph } from "../systems/step-graph.js";
import type { BatchField, Phase, System } from "../systems/system.js";

/** State vectors of all groups by their graph names (`theta.generator`, `m.generator`, …). */
export type TrainState = Map<string, Float32Array>;

export function initialState(tables: ReadonlyMap<string, ParamTable>, rule: UpdateRule, seed: number): TrainState {
  const state: TrainState = new Map();
  for (const [group, table] of tables) {
    const names = stateNames(group);
    const theta = initialValues(table, seed);
    state.set(names.theta, theta);
    state.set(names.average, theta.slice());
    for (const name of momentNames(group, rule)) state.set(name, new Float32Array(table.size));
  }
  return state;
}

/** Moments start anew with every phase: they belong to its losses. */
export function resetMoments(state: TrainState, groups: readonly string[], rule: UpdateRule): void {
  for (const name of groups.flatMap((group) => momentNames(group, rule))) state.get(name)?.fill(0);
}

export type Batch = Readonly<Record<string, { readonly dtype: "float32" | "uint8"; readonly shape: readonly number[]; readonly data: Float32Array | Uint8Array }>>;

export class PhaseRunner {
  readonly fields: readonly BatchField[];
  readonly #session: Session;
  readonly #state: TrainState;
  /** Names of the vectors that a step renews. */
  readonly #vectors: readonly string[];
  /** Second buffers: a step reads one set and writes the other. */
  readonly #spare: TrainState = new Map();

  private constructor(session: Session, fields: readonly BatchField[], state: TrainState, vectors: readonly string[]) {
    this.#session = session;
    this.fields = fields;
    this.#state = state;
    this.#vectors = vectors;
    for (const name of vectors) this.#spare.set(name, new Float32Array((state.get(name) as Float32Array).length));
  }

  static async open(system: System, config: unknown, phase: Phase<unknown>, state: TrainState, rule: UpdateRule, device: Device): Promise<PhaseRunner> {
    const session = await createSession(stepGraph(system, config, phase, rule).toModel(), { training: true, device, where: `${system.name} ${phase.name} step` });
    return new PhaseRunner(session, phase.batch(config), state, phase.groups.flatMap((group) => [...Object.values(stateNames(group)), ...momentNames(group, rule)]));
  }

  /** One optimizer step; returns losses, gradient norms and figures by name. Throws `diverged` on a number that is none. */
  async step(batch: Batch, options: { readonly step: number; readonly rate: number; readonly memory: number }): Promise<Record<string, number>> {
    const feeds: Record<string, Tensor> = { ...this.#used(batch), ...scalars(options) };
    const into: Record<string, Tensor> = {};
    for (const input of this.#session.inputs) {
      const vector = this.#state.get(input.name);
      if (vector !== undefined) feeds[input.name] = floats(vector, [vector.length]);
    }
    for (const name of this.#vectors) {
      const spare = this.#spare.get(name) as Float32Array;
      into[`next.${name}`] = floats(spare, [spare.length]);
    }
    const results = await this.#session.run(feeds, { into });
    const figures = scalarResults(results);
    const bad = Object.entries(figures).find(([, value]) => !Number.isFinite(value));
    if (bad !== undefined) {
      throw new TalkfaceError("diverged", `step ${options.step}: ${bad[0]} is ${bad[1]}. The state before this step is kept; resume with a lower rate.`);
    }
    for (const name of this.#vectors) {
      const old = this.#state.get(name) as Float32Array;
      this.#state.set(name, this.#spare.get(name) as Float32Array);
      this.#spare.set(name, old);
    }
    return figures;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #used(batch: Batch): Record<string, Tensor> {
    const names = new Set(this.#session.inputs.map((input) => input.name));
    return Object.fromEntries(Object.entries(batch).filter(([name]) => names.has(name)));
  }
}

/** Losses, figures and pictures of a phase without learning. */
export class PhaseSampler {
  readonly fields: readonly BatchField[];
  readonly #session: Session;

  private constructor(session: Session, fields: readonly BatchField[]) {
    this.#session = session;
    this.fields = fields;
  }

  static async open(system: System, config: unknown, phase: Phase<unknown>, device: Device): Promise<PhaseSampler> {
    const session = await createSession(sampleGraph(system, config, phase).toModel(), { device, where: `${system.name} ${phase.name} samples` });
    return new PhaseSampler(session, phase.batch(config));
  }

  /** Uses the moving averages of the weights. */
  async run(batch: Batch, state: TrainState): Promise<{ readonly figures: Record<string, number>; readonly pictures: Record<string, Tensor> }> {
    const feeds: Record<string, Tensor> = {};
    for (const { name } of this.#session.inputs) {
      const group = /^theta\.(.+)$/.exec(name)?.[1];
      const vector = group === undefined ? undefined : state.get(stateNames(group).average);
      const own = batch[name];
      if (vector !== undefined) feeds[name] = floats(vector, [vector.length]);
      else if (own !== undefined) feeds[name] = own;
    }
    const results = await this.#session.run(feeds);
    const pictures = Object.fromEntries(Object.entries(results).flatMap(([name, tensor]) => (name.startsWith("picture.") ? [[name.slice(8), tensor]] : [])));
    return { figures: scalarResults(results), pictures };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

function scalars(values: Readonly<Record<string, number>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, floats(new Float32Array([value]), [])]));
}

function scalarResults(results: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, { shape, data }]) => (shape.length === 0 ? [[name.replace(/^figure\./, ""), Number(data[0])]] : [])),
  );
}
