/**
 * A talking-face model in a thread of its own. A run holds up the thread that asks for it, so that only here can pictures be pasted
 * and encoded while the next ones are drawn.
 */
import type { DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { ServedThread, serveThread } from "../base/thread.js";
import type { Device } from "../runtime/devices.js";
import { type Drive, type Expression, type ExpressiveFace, type FaceView, type Identity, type TalkingFrame, TalkingModel } from "./talking-model.js";
import type { Weighting } from "./weightings.js";

/** What the model is like; known once it is open. */
type Traits = Pick<TalkingModel, "contract" | "speechFrames" | "speechContext" | "frameBatch" | "maximumViews" | "weightings">;

/** Questions and the types of their answers. */
interface Calls {
  readonly open: { readonly ask: { readonly folder: string; readonly device: Device }; readonly answer: Traits };
  readonly identity: { readonly ask: readonly FaceView[]; readonly answer: Identity };
  readonly expression: { readonly ask: readonly ExpressiveFace[]; readonly answer: Expression[] };
  readonly speech: { readonly ask: Float32Array; readonly answer: Float32Array[] };
  /** For the identity that was asked for last. */
  readonly frames: { readonly ask: readonly Drive[]; readonly answer: TalkingFrame[] };
}

type Call = { readonly [Name in keyof Calls]: { readonly name: Name; readonly ask: Calls[Name]["ask"] } }[keyof Calls];

interface Answer {
  readonly value: Calls[keyof Calls]["answer"];
  readonly milliseconds: number;
}

export class ModelThread implements Traits {
  readonly #thread = new ServedThread<Call, Answer>(import.meta.url, "serveModel", "the model's thread");
  readonly #onBusy: (milliseconds: number) => void;
  #traits: Traits | null = null;
  #identity: Identity | null = null;

  private constructor(onBusy: (milliseconds: number) => void) {
    this.#onBusy = onBusy;
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

  expression(faces: readonly ExpressiveFace[]): Promise<Expression[]> {
    return this.#ask("expression", faces);
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
  close(): Promise<void> {
    return this.#thread.close();
  }

  get #known(): Traits {
    if (this.#traits === null) throw new TalkfaceError("internal", "the model's thread is not open.");
    return this.#traits;
  }

  async #ask<Name extends keyof Calls>(name: Name, ask: Calls[Name]["ask"]): Promise<Calls[Name]["answer"]> {
    const { value, milliseconds } = await this.#thread.ask({ name, ask } as Call);
    this.#onBusy(milliseconds);
    return value as Calls[Name]["answer"];
  }
}

/** Within the thread, one question after another. */
export function serveModel(): void {
  let model: TalkingModel | null = null;
  let identity: Identity | null = null;
  const opened = (): TalkingModel => {
    if (model === null) throw new TalkfaceError("internal", "the model is not open.");
    return model;
  };
  const answer = async (call: Call): Promise<Answer["value"]> => {
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
    }
  };
  const timed = async (call: Call): Promise<Answer> => {
    const started = performance.now();
    return { value: await answer(call), milliseconds: performance.now() - started };
  };
  serveThread(timed, { inTurn: true, close: async () => model?.close() });
}
