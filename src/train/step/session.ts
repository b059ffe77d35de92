/** A session of a step's graph: takes what it needs from state, batch and scalars, and keeps the time. */
import { setImmediate as turn } from "node:timers/promises";
import type { OnnxModel } from "../../graph/onnx.js";
import type { Device } from "../../runtime/devices.js";
import { createSession, type Session } from "../../runtime/session.js";
import { floats, type Tensor } from "../../runtime/tensor.js";

export class StepSession {
  readonly #session: Session;
  /** Spent inside ONNX Runtime so far. */
  seconds = 0;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async open(model: OnnxModel, device: Device, where: string): Promise<StepSession> {
    return new StepSession(await createSession(model, { training: true, device, where }));
  }

  /** Runs on those of the tensors and vectors that the graph names; `into` takes the outputs of its names. */
  async run(tensors: Readonly<Record<string, Tensor>>, vectors: ReadonlyMap<string, Float32Array>, into: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const feeds: Record<string, Tensor> = {};
    for (const { name, shape } of this.#session.inputs) {
      const vector = vectors.get(name);
      const tensor = vector === undefined ? tensors[name] : floats(vector, shape as readonly number[]);
      if (tensor !== undefined) feeds[name] = tensor;
    }
    await turn(); // what has piled up in this thread is not the run's
    const started = performance.now();
    try {
      return await this.#session.run(feeds, { into });
    } finally {
      this.seconds += (performance.now() - started) / 1000;
    }
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** Numbers as scalars []. */
export function scalars(values: Readonly<Record<string, number>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, floats(new Float32Array([value]), [])]));
}

/** The scalars among results by name; with `index`, that element of those that a loop stacked. Figures lose their prefix. */
export function numbersOf(results: Readonly<Record<string, Tensor>>, index?: number): Record<string, number> {
  const rank = index === undefined ? 0 : 1;
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, { shape, data }]) => (shape.length === rank && isFigure(name) ? [[name.replace(/^figure\./, ""), Number(data[index ?? 0])]] : [])),
  );
}

function isFigure(name: string): boolean {
  return !name.startsWith("next.") && !name.startsWith("grad.");
}
