/**
 * The update of one group, piece by piece: every optimizer moves an element by that element's own numbers and a few scalars. A piece
 * stays in the processor's cache from the first of the update's dozen nodes to the last, and what a run copies is a piece instead of every vector.
 */
import { provenAliases } from "../../graph/alias.js";
import type { UpdateRule } from "../../nn/optimizers/optimizer.js";
import type { Device } from "../../runtime/devices.js";
import { floats } from "../../runtime/tensor.js";
import { momentNames, squaresGraph, stateNames, updateGraph } from "../../systems/step-graph.js";
import { renewals, type TrainState } from "../state.js";
import type { Pace } from "./runner.js";
import { numbersOf, scalars, StepSession } from "./session.js";

/** Elements of a piece: six vectors of it fit into the caches of two cores. */
const most = 2 ** 18;

export interface PiecesSettings {
  readonly group: string;
  readonly rule: UpdateRule;
  readonly device: Device;
  /** False writes no piece over what it was read from. */
  readonly inPlace: boolean;
  readonly where: string;
}

export class PieceUpdate {
  readonly #squares: StepSession;
  readonly #update: StepSession;
  /** Elements of all pieces but the last, which may have fewer. */
  readonly #size: number;
  /** By names of the update's inputs. */
  readonly #vectors: ReadonlyMap<string, Float32Array>;
  /** Inputs that their outputs may be written over. */
  readonly #inPlace: ReadonlySet<string>;
  /** Where the last piece is read from in full length, and where outputs go that are not written in place. */
  readonly #tail = new Map<string, Float32Array>();
  readonly #spare = new Map<string, Float32Array>();

  private constructor(sessions: readonly [StepSession, StepSession], size: number, vectors: ReadonlyMap<string, Float32Array>, inPlace: ReadonlySet<string>) {
    [this.#squares, this.#update] = sessions;
    this.#size = size;
    this.#vectors = vectors;
    this.#inPlace = inPlace;
    for (const name of [...vectors.keys(), "grad"]) {
      this.#tail.set(name, new Float32Array(size));
      if (!inPlace.has(name)) this.#spare.set(name, new Float32Array(size));
    }
  }

  static async open({ group, rule, device, inPlace, where }: PiecesSettings, state: TrainState): Promise<PieceUpdate> {
    const { theta, average } = stateNames(group);
    const moments = momentNames(group, rule).map((name, i) => [rule.optimizer.moments[i], name]);
    const keepsAverage = state.has(average);
    const names = [["theta", theta], ...(keepsAverage ? [["average", average]] : []), ...moments] as [string, string][];
    const vectors = new Map(names.map(([input, name]) => [input, state.get(name) as Float32Array]));
    const length = vectors.get("theta")!.length;
    const size = Math.ceil(length / Math.ceil(length / most));
    const model = updateGraph(size, rule, { keepsAverage }).toModel();
    const proven = inPlace ? provenAliases(model, renewals(model)).map(({ input }) => input) : [];
    const sessions = [await StepSession.open(squaresGraph(size).toModel(), device, `${where} norm`), await StepSession.open(model, device, `${where} update`)] as const;
    return new PieceUpdate(sessions, size, vectors, new Set(proven));
  }

  get seconds(): number {
    return this.#squares.seconds + this.#update.seconds;
  }

  /** One update by the gradient [P]; `loss` decides with its norm whether the update is taken. */
  async run(grad: Float32Array, loss: number, pace: Pace): Promise<{ readonly norm: number; readonly skipped: number }> {
    let squares = 0;
    for (let from = 0; from < grad.length; from += this.#size) {
      const results = await this.#squares.run({}, new Map([["grad", this.#piece("grad", grad, from)]]), {});
      squares += numbersOf(results)["squares"] as number;
    }
    const norm = Math.fround(Math.sqrt(squares));
    let skipped = 0;
    for (let from = 0; from < grad.length; from += this.#size) {
      skipped = await this.#step(grad, from, scalars({ norm, loss, ...pace }));
    }
    return { norm, skipped };
  }

  async #step(grad: Float32Array, from: number, numbers: ReturnType<typeof scalars>): Promise<number> {
    const pieces = new Map([...this.#vectors].map(([name, vector]) => [name, this.#piece(name, vector, from)]));
    const targets = new Map([...pieces].map(([name, piece]) => [name, this.#inPlace.has(name) ? piece : this.#spare.get(name)!]));
    const into = Object.fromEntries([...targets].map(([name, target]) => [`next.${name}`, floats(target, [this.#size])]));
    const results = await this.#update.run(numbers, new Map([...pieces, ["grad", this.#piece("grad", grad, from)]]), into);
    for (const [name, vector] of this.#vectors) {
      const target = targets.get(name)!;
      if (target.buffer !== vector.buffer) vector.set(target.subarray(0, vector.length - from), from);
    }
    return numbersOf(results)["skipped"] as number;
  }

  /** The piece of a vector that begins at `from`: a view of it, or where fewer elements are left a copy. What follows there is never written to by us for
   * `grad`, so it stays zero and adds nothing to the norm. */
  #piece(name: string, vector: Float32Array, from: number): Float32Array {
    if (from + this.#size <= vector.length) return vector.subarray(from, from + this.#size);
    const copy = this.#tail.get(name)!;
    copy.set(vector.subarray(from));
    return copy;
  }

  close(): Promise<void> {
    return Promise.all([this.#squares.release(), this.#update.release()]).then(() => undefined);
  }
}
