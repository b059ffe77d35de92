/**
 * A session with state: what a run writes, the next one reads. On WebGPU the state stays in the device's memory between runs; with the
 * other providers it lies in two sets of buffers, of which a run reads one and fills the other.
 */
import { TalkfaceError } from "../base/errors.js";
import type { AliasPair } from "../graph/alias.js";
import { Graph } from "../graph/graph.js";
import type { OnnxModel } from "../graph/onnx.js";
import type { Provider } from "./devices.js";
import { createSession, type Session, type SessionOptions } from "./session.js";
import { zerosTensor, type DeviceTensor, type Tensor } from "./tensor.js";

export class StatefulSession {
  readonly #session: Session;
  readonly #pairs: readonly AliasPair[];
  /** By input name. */
  readonly #state = new Map<string, Tensor | DeviceTensor>();
  readonly #spare = new Map<string, Tensor>();
  readonly #options: SessionOptions;
  #reader: Session | null = null;

  private constructor(session: Session, pairs: readonly AliasPair[], options: SessionOptions) {
    this.#session = session;
    this.#pairs = pairs;
    this.#options = options;
  }

  /** Opens a model of which each pair's output becomes its input in the next run. */
  static async open(model: OnnxModel, pairs: readonly AliasPair[], options: Omit<SessionOptions, "keepOnDevice">): Promise<StatefulSession> {
    return new StatefulSession(await createSession(model, { ...options, keepOnDevice: pairs.map(({ output }) => output) }), pairs, options);
  }

  get provider(): Provider {
    return this.#session.provider;
  }

  /** Sets state by input names; the numbers are copied. */
  write(values: Readonly<Record<string, Tensor>>): void {
    for (const [name, tensor] of Object.entries(values)) {
      if (!this.#pairs.some(({ input }) => input === name)) throw new TalkfaceError("internal", `internal: "${name}" is no state of the session.`);
      this.#replace(name, { ...tensor, data: tensor.data.slice() });
    }
  }

  /** One run with the other inputs; returns the other outputs. When it fails, the state is as before. */
  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const kept = new Map<string, DeviceTensor>();
    const into = this.#session.kept.size > 0 ? {} : Object.fromEntries(this.#pairs.map(({ input, output }) => [output, this.#spareOf(input)]));
    const results = await this.#session.run({ ...feeds, ...Object.fromEntries(this.#state) }, { into, kept });
    for (const { input, output } of this.#pairs) {
      const next = kept.get(output);
      if (next !== undefined) this.#replace(input, next);
      else {
        this.#spare.set(input, this.#state.get(input) as Tensor);
        this.#state.set(input, into[output] as Tensor);
      }
      delete results[output];
    }
    return results;
  }

  /** A copy of the state by input names. */
  async read(): Promise<Record<string, Tensor>> {
    const state = [...this.#state];
    if (!state.some(([, tensor]) => "location" in tensor)) return Object.fromEntries(state.map(([name, tensor]) => [name, { ...(tensor as Tensor), data: (tensor as Tensor).data.slice() }]));
    // numbers leave the device as outputs of a session alone: to ask the tensor itself ends the process
    this.#reader ??= await createSession(copyModel(state), { ...this.#options, where: `${this.#options.where ?? "model"}: reading the state` });
    return this.#reader.run(Object.fromEntries(state.map(([name, tensor]) => [`of.${name}`, tensor])));
  }

  async release(): Promise<void> {
    for (const tensor of this.#state.values()) if ("location" in tensor) tensor.release();
    this.#state.clear();
    await this.#reader?.release();
    await this.#session.release();
  }

  #replace(name: string, tensor: Tensor | DeviceTensor): void {
    const old = this.#state.get(name);
    if (old !== undefined && "location" in old) old.release();
    this.#state.set(name, tensor);
  }

  #spareOf(name: string): Tensor {
    const known = this.#spare.get(name);
    if (known !== undefined) return known;
    const like = this.#state.get(name);
    if (like === undefined) throw new TalkfaceError("internal", `internal: the state "${name}" was not written.`);
    const made = zerosTensor(like.dtype, like.shape);
    this.#spare.set(name, made);
    return made;
  }
}

/** Every `of.NAME` as an output NAME. */
function copyModel(values: readonly (readonly [string, Tensor | DeviceTensor])[]): OnnxModel {
  const graph = new Graph("copy");
  for (const [name, { shape, dtype }] of values) graph.output(name, graph.input(`of.${name}`, shape, dtype));
  return graph.toModel();
}
