/**
 * Training batches from a thread of its own. While ONNX Runtime works, the thread that called it stands still, and with it everything
 * that a loader does in JavaScript; here the next batches are read, decoded and filled meanwhile.
 */
import { TalkfaceError } from "../base/errors.js";
import { ServedThread, serveThread } from "../base/thread.js";
import { ClipCache } from "./clip-cache.js";
import { openDataset } from "./dataset.js";
import { type BatchArrays, type FieldRequest, fillBatch, framesOf, trainingWindows } from "./window-batch.js";
import { clipsFor, WindowSampler } from "./window-sampler.js";

export interface BatchSource {
  /** Prepared folders; their training split is read. */
  readonly folders: readonly string[];
  readonly seed: number;
  /** Which part of every batch number this process takes; all of it by default. */
  readonly share?: { readonly rank: number; readonly size: number };
  /** Bound of the decoded frames that are kept. */
  readonly cacheBytes: number;
}

type Ask = { readonly kind: "open"; readonly source: BatchSource } | { readonly kind: "batch"; readonly fields: readonly FieldRequest[]; readonly index: number };

interface Answer {
  readonly batch: BatchArrays | null;
  readonly damaged: readonly string[];
}

export class BatchThread {
  readonly #thread = new ServedThread<Ask, Answer>(import.meta.url, "serveBatches", "the thread that reads batches");
  #damaged: readonly string[] = [];

  static async open(source: BatchSource): Promise<BatchThread> {
    const thread = new BatchThread();
    try {
      await thread.#thread.ask({ kind: "open", source });
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
    const { batch, damaged } = await this.#thread.ask({ kind: "batch", fields, index });
    this.#damaged = damaged;
    return batch as BatchArrays;
  }

  /** Lets the thread finish what it was asked for, and ends it. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** Within the thread. */
export function serveBatches(): void {
  let reader: Reader | null = null;
  const answer = async (ask: Ask): Promise<Answer> => {
    if (ask.kind === "batch") return { batch: await (reader as Reader).batch(ask.fields, ask.index), damaged: (reader as Reader).damaged() };
    reader = await openReader(ask.source);
    return { batch: null, damaged: [] };
  };
  serveThread(answer, {
    transfer: ({ batch }) => Object.values(batch ?? {}).map(({ data }) => data.buffer as ArrayBuffer),
    close: async () => reader?.close(),
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
  const samplers = new Map<string, WindowSampler>();
  const damaged = new Map<string, string>();
  const most = Math.max(fewDamaged, clips.length * damagedShare);
  return {
    batch: async (fields, index) => {
      const { batch, frames } = framesOf(fields);
      const key = `${frames} ${fields.map(({ name }) => name).join(" ")}`;
      const sampler = samplers.get(key) ?? new WindowSampler(clipsFor(clips, fields), frames, seed);
      samplers.set(key, sampler);
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
