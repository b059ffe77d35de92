/** Vectors that a session reads and renews: in place where the graph allows it, else from one set of buffers into another. */
import { type AliasPair, provenAliases } from "../../graph/alias.js";
import type { OnnxModel } from "../../graph/onnx.js";
import { floats, type Tensor } from "../../runtime/tensor.js";

export class FeedbackBuffers {
  readonly #vectors: Map<string, Float32Array>;
  readonly #pairs: readonly AliasPair[];
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  /** Second buffers of inputs that must outlive the writing of their output. */
  readonly #spare = new Map<string, Float32Array>();

  /** `vectors` by input name; they are the session's from now on. `inPlace` false keeps two sets of everything. */
  constructor(model: OnnxModel, vectors: Map<string, Float32Array>, pairs: readonly AliasPair[], inPlace = true) {
    this.#vectors = vectors;
    this.#pairs = pairs;
    this.#shapes = new Map(model.graph.outputs.map(({ name, shape }) => [name, shape as readonly number[]]));
    const shared = new Set(inPlace ? provenAliases(model, pairs).map(({ input }) => input) : []);
    // what no input takes, nobody reads
    for (const { input } of pairs) if (!model.graph.inputs.some(({ name }) => name === input)) shared.add(input);
    for (const { input } of pairs) {
      if (!shared.has(input)) this.#spare.set(input, new Float32Array((vectors.get(input) as Float32Array).length));
    }
  }

  /** Inputs that have a second buffer. */
  get doubled(): readonly string[] {
    return [...this.#spare.keys()];
  }

  /** Where the next run writes: output name -> buffer. */
  targets(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#pairs.map(({ input, output }) => {
        const buffer = this.#spare.get(input) ?? (this.#vectors.get(input) as Float32Array);
        return [output, floats(buffer, this.#shapes.get(output) ?? [buffer.length])];
      }),
    );
  }

  /** After a run: what was written is what is read next. */
  turn(): void {
    for (const [input, written] of this.#spare) {
      this.#spare.set(input, this.#vectors.get(input) as Float32Array);
      this.#vectors.set(input, written);
    }
  }
}
