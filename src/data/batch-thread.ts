/**
 * Training batches from a thread of its own. While ONNX Runtime works, the thread that called it stands still, and with it everything
 * that a loader does in JavaScript; here the next batches are read, decoded and filled meanwhile.
 */
import { parentPort, type Worker } from "node:worker_threads";
import { type ErrorCode, TalkfaceError } from "../base/errors.js";
import { startThread } from "../base/thread.js";
import { ClipCache } from "./clip-cache.js";
import { openDataset } from "./dataset.js";
import { type BatchArrays, type FieldRequest, fillBatch, framesOf, trainingWindows } from "./window-batch.js";
import { WindowSampler } from "./window-sampler.js";

export interface BatchSource {
  /** Prepared folders; their training split is read. */
  readonly folders: readonly string[];
  readonly seed: number;
  /** Which part of every batch number this process takes; all of it by default. */
  readonly share?: { readonly rank: number; readonly size: number };
  /** Bound of the decoded frames that are kept. */
  readonly cacheBytes: number;
}

type Ask = { readonly kind: "open"; readonly source: BatchSource } | { readonly kind: "batch"; readonly fields: readonly FieldRequest[]; readonly index: number } | { readonly kind: "close" };
type Answer = { readonly id: number } & ({ readonly value: BatchArrays | null; readonly damaged: readonly string[] } | { readonly error: { readonly code: ErrorCode | null; readonly message: string } });

export class BatchThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { readonly resolve: (value: BatchArrays | null) => void; readonly reject: (error: Error) => void }>();
  #asked = 0;
  #ended: Error | null = null;
  #damaged: readonly string[] = [];

  private constructor() {
    this.#worker = startThread(import.meta.url, "serveBatches");
    const fail = (error: Error): void => {
      this.#ended ??= error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    this.#worker.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("value" in answer) {
        this.#damaged = answer.damaged;
        waiting?.resolve(answer.value);
      }
      else waiting?.reject(answer.error.code === null ? new Error(answer.error.message) : new TalkfaceError(answer.error.code, answer.error.message));
    });
    this.#worker.on("error", fail);
    this.#worker.on("exit", (status) => fail(new TalkfaceError("internal", `the thread that reads batches has ended with status ${status}.`)));
  }

  static async open(source: BatchSource): Promise<BatchThread> {
    const thread = new BatchThread();
    try {
      await thread.#ask({ kind: "open", source });
    } catch (error) {
      await thread.close();
      throw error;
    }
    return thread;
  }

  /** What was wrong with the clips that could not be read so far; other windows stood in for theirs. */
  get damaged(): readonly string[] {
    return this.#damaged;
  }

  /** Batch number `index` of windows with these fields: always the same for the same seed. */
  async batch(fields: readonly FieldRequest[], index: number): Promise<BatchArrays> {
    return (await this.#ask({ kind: "batch", fields, index })) as BatchArrays;
  }

  /** Lets the thread finish what it was asked for, and ends it. */
  async close(): Promise<void> {
    if (this.#ended === null) await this.#ask({ kind: "close" });
    this.#ended ??= new TalkfaceError("internal", "the thread that reads batches was closed.");
    this.#worker.removeAllListeners();
  }

  #ask(ask: Ask): Promise<BatchArrays | null> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const id = this.#asked++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ask });
    });
  }
}

/** Answers within the thread until it is told to close; what was asked for before is answered first. */
export function serveBatches(): void {
  const port = parentPort;
  if (port === null) throw new TalkfaceError("internal", "serveBatches runs in a thread only.");
  let reader: Reader | null = null;
  const pending = new Set<Promise<unknown>>();
  const answer = async (ask: Ask): Promise<BatchArrays | null> => {
    if (ask.kind === "batch") return (reader as Reader).batch(ask.fields, ask.index);
    if (ask.kind === "open") reader = await openReader(ask.source);
    else {
      await Promise.allSettled(pending);
      await reader?.close();
    }
    return null;
  };
  port.on("message", ({ id, ask }: { readonly id: number; readonly ask: Ask }) => {
    const work = answer(ask).then(
      (value) => port.postMessage({ id, value, damaged: reader?.damaged() ?? [] } satisfies Answer, Object.values(value ?? {}).map(({ data }) => data.buffer as ArrayBuffer)),
      (error: unknown) => port.postMessage({ id, error: { code: error instanceof TalkfaceError ? error.code : null, message: (error as Error).message } } satisfies Answer),
    );
    if (ask.kind === "close") void work.then(() => port.close());
    else {
      pending.add(work);
      void work.then(() => pending.delete(work));
    }
  });
}

/** So many damaged clips are left out; more is a damaged data set. */
const fewDamaged = 10;
const damagedShare = 0.01;
const mostAttempts = 20;

interface Reader {
  readonly batch: (fields: readonly FieldRequest[], index: number) => Promise<BatchArrays>;
  readonly damaged: () => readonly string[];
  readonly close: () => Promise<void>;
}

async function openReader({ folders, seed, share, cacheBytes }: BatchSource): Promise<Reader> {
  const dataset = await openDataset(folders);
  const clips = dataset.clips.filter((clip) => clip.split === "train");
  const cache = new ClipCache(dataset, cacheBytes);
  const samplers = new Map<number, WindowSampler>();
  const damaged = new Map<string, string>();
  const most = Math.max(fewDamaged, clips.length * damagedShare);
  return {
    batch: async (fields, index) => {
      const { batch, frames } = framesOf(fields);
      const sampler = samplers.get(frames) ?? new WindowSampler(clips, frames, seed);
      samplers.set(frames, sampler);
      return fillBatch(cache, dataset.contract, sampler.choose(index, batch, frames, share), fields, trainingWindows, (choice, attempt, error) => {
        damaged.set(choice.clip.id, error.message);
        if (damaged.size <= most && attempt <= mostAttempts) return sampler.replace(choice, frames, attempt);
        throw new TalkfaceError("bad-data", `${damaged.size} of ${clips.length} clips are damaged, the last one: ${error.message}`);
      });
    },
    damaged: () => [...damaged.values()],
    close: () => dataset.close(),
  };
}
