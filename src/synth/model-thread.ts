/**
 * A talking-face model in a thread of its own. A run holds up the thread that asks for it, so that only here can pictures be pasted
 * and encoded while the next ones are drawn.
 */
import { parentPort, type Worker } from "node:worker_threads";
import type { DataContract } from "../base/contract.js";
import { TalkfaceError, type ErrorCode } from "../base/errors.js";
import { startThread } from "../base/thread.js";
import type { Image } from "../media/image.js";
import type { Device } from "../runtime/devices.js";
import { type Drive, type FaceView, type Identity, type TalkingFrame, TalkingModel } from "./talking-model.js";
import type { Weighting } from "./weightings.js";

/** What the model is like; known once it is open. */
type Traits = Pick<TalkingModel, "contract" | "speechFrames" | "speechContext" | "frameBatch" | "maximumViews" | "weightings">;

/** Questions and the types of their answers. */
interface Calls {
  readonly open: { readonly ask: { readonly folder: string; readonly device: Device }; readonly answer: Traits };
  readonly identity: { readonly ask: readonly FaceView[]; readonly answer: Identity };
  readonly expression: { readonly ask: readonly Image[]; readonly answer: Float32Array[] };
  readonly speech: { readonly ask: Float32Array; readonly answer: Float32Array[] };
  /** For the identity that was asked for last. */
  readonly frames: { readonly ask: readonly Drive[]; readonly answer: TalkingFrame[] };
  readonly close: { readonly ask: null; readonly answer: null };
}

type Call = { readonly [Name in keyof Calls]: { readonly name: Name; readonly ask: Calls[Name]["ask"] } }[keyof Calls];
type Answer = { readonly value: Calls[keyof Calls]["answer"]; readonly milliseconds: number } | { readonly error: { readonly code: ErrorCode | null; readonly message: string } };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

export class ModelThread implements Traits {
  readonly #worker: Worker;
  /** Questions without an answer, in the order in which they were asked and will be answered. */
  readonly #waiting: Waiting[] = [];
  readonly #onBusy: (milliseconds: number) => void;
  #traits: Traits | null = null;
  #identity: Identity | null = null;
  #ended: Error | null = null;

  private constructor(onBusy: (milliseconds: number) => void) {
    this.#onBusy = onBusy;
    this.#worker = startThread(import.meta.url, "serveModel");
    const fail = (error: Error): void => {
      this.#ended ??= error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#worker.on("message", (answer: Answer) => {
      const next = this.#waiting.shift();
      if ("error" in answer) {
        const { code, message } = answer.error;
        next?.reject(code === null ? new Error(message) : new TalkfaceError(code, message));
        return;
      }
      this.#onBusy(answer.milliseconds);
      next?.resolve(answer.value as never);
    });
    this.#worker.on("error", fail);
    this.#worker.on("exit", (status) => fail(new TalkfaceError("internal", `the model's thread has ended with status ${status}.`)));
  }

  /** As `TalkingModel.open`; `onBusy` is told how long the thread worked on each answer. */
  static async open(folder: string, device: Device, onBusy: (milliseconds: number) => void): Promise<ModelThread> {
    const thread = new ModelThread(onBusy);
    try {
      thread.#traits = await thread.#ask("open", { folder, device });
    } catch (error) {
      await thread.close();
      throw error;
    }
    return thread;
  }

  get contract(): DataContract {
    return this.#known.contract;
  }

  get speechFrames(): number {
    return this.#known.speechFrames;
  }

  get speechContext(): number {
    return this.#known.speechContext;
  }

  get frameBatch(): number {
    return this.#known.frameBatch;
  }

  get maximumViews(): number {
    return this.#known.maximumViews;
  }

  get weightings(): readonly Weighting[] {
    return this.#known.weightings;
  }

  async identity(views: readonly FaceView[]): Promise<Identity> {
    return (this.#identity = await this.#ask("identity", views));
  }

  expression(guide: readonly Image[]): Promise<Float32Array[]> {
    return this.#ask("expression", guide);
  }

  speech(mel: Float32Array): Promise<Float32Array[]> {
    return this.#ask("speech", mel);
  }

  /** `identity` must be the one that was made last: its features stay in the thread. */
  frames(identity: Identity, drives: readonly Drive[]): Promise<TalkingFrame[]> {
    if (identity !== this.#identity) throw new TalkfaceError("internal", "frames are asked for another identity than the last one.");
    return this.#ask("frames", drives);
  }

  /** Lets the thread finish what it was asked for, and ends it. */
  async close(): Promise<void> {
    if (this.#ended === null) await this.#ask("close", null);
    this.#ended ??= new TalkfaceError("internal", "the model's thread was closed.");
    this.#worker.removeAllListeners();
  }

  get #known(): Traits {
    if (this.#traits === null) throw new TalkfaceError("internal", "the model's thread is not open.");
    return this.#traits;
  }

  #ask<Name extends keyof Calls>(name: Name, ask: Calls[Name]["ask"]): Promise<Calls[Name]["answer"]> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ name, ask });
    });
  }
}

/** Answers within the thread, one question after another, until it is told to close. */
export function serveModel(): void {
  const port = parentPort;
  if (port === null) throw new TalkfaceError("internal", "serveModel runs in a thread only.");
  const answer = createAnswerer();
  let last: Promise<void> = Promise.resolve();
  port.on("message", (call: Call) => {
    last = last.then(async () => {
      const started = performance.now();
      try {
        const value = await answer(call);
        port.postMessage({ value, milliseconds: performance.now() - started } satisfies Answer);
      } catch (error) {
        const { message } = error as Error;
        port.postMessage({ error: { code: error instanceof TalkfaceError ? error.code : null, message } } satisfies Answer);
      }
      if (call.name === "close") port.close();
    });
  });
}

function createAnswerer(): (call: Call) => Promise<Calls[keyof Calls]["answer"]> {
  let model: TalkingModel | null = null;
  let identity: Identity | null = null;
  const opened = (): TalkingModel => {
    if (model === null) throw new TalkfaceError("internal", "the model is not open.");
    return model;
  };
  return async (call) => {
    switch (call.name) {
      case "open": {
        model = await TalkingModel.open(call.ask.folder, call.ask.device);
        const { contract, speechFrames, speechContext, frameBatch, maximumViews, weightings } = model;
        return { contract, speechFrames, speechContext, frameBatch, maximumViews, weightings };
      }
      case "identity":
        return (identity = await opened().identity(call.ask));
      case "expression":
        return opened().expression(call.ask);
      case "speech":
        return opened().speech(call.ask);
      case "frames":
        if (identity === null) throw new TalkfaceError("internal", "there is no identity yet.");
        return opened().frames(identity, call.ask);
      case "close":
        await model?.close();
        return null;
    }
  };
}
