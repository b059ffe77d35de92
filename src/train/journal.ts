/** The record of a run: `metrics.jsonl`, one JSON object a line, appended as it happens, and those who follow it. */
import { appendFile, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromSystemError } from "../base/errors.js";
import { warn } from "../base/log.js";

/** `samples`: a sheet was written, `best`: weights were kept as the best, `resumed`: the run goes on after this step. */
export const journalKinds = ["train", "validation", "event", "samples", "best", "checkpoint", "resumed"] as const;

export interface JournalEntry {
  readonly kind: (typeof journalKinds)[number];
  /** Steps done over all phases. */
  readonly step: number;
  readonly phase: string;
  readonly [figure: string]: string | number;
}

export const journalName = "metrics.jsonl";

/** Gets every entry in order. One that fails is named and left out from then on: training goes on without it. */
export interface JournalListener {
  readonly name: string;
  take(entry: JournalEntry): Promise<void>;
  close?(): Promise<void>;
}

export class Journal {
  readonly #path: string | null;
  #listeners: readonly JournalListener[];
  #isWhole = false;

  /** Without a folder nothing is kept. */
  constructor(folder: string | null, listeners: readonly JournalListener[] = []) {
    this.#path = folder === null ? null : join(folder, journalName);
    this.#listeners = folder === null ? [] : listeners;
  }

  async write(entry: JournalEntry): Promise<void> {
    if (this.#path === null) return;
    const rounded = Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, typeof value === "number" ? Number(value.toPrecision(6)) : value])) as unknown as JournalEntry;
    const exact = { ...rounded, step: entry.step };
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      if (!this.#isWhole) await cutTornLine(this.#path);
      this.#isWhole = true;
      await appendFile(this.#path, `${JSON.stringify(exact)}\n`);
    } catch (error) {
      throw fromSystemError(error, this.#path);
    }
    await this.#tell((listener) => listener.take(exact));
  }

  async close(): Promise<void> {
    await this.#tell(async (listener) => listener.close?.());
  }

  async #tell(action: (listener: JournalListener) => Promise<void>): Promise<void> {
    const failed = new Set<JournalListener>();
    for (const listener of this.#listeners) {
      await action(listener).catch((error: unknown) => {
        failed.add(listener);
        warn(`${listener.name}: ${(error as Error).message} It is not continued.`);
      });
    }
    if (failed.size > 0) this.#listeners = this.#listeners.filter((listener) => !failed.has(listener));
  }
}

/** What a killed process left of its last line goes, or the next line would be a part of it. */
async function cutTornLine(path: string): Promise<void> {
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    const chunk = Buffer.alloc(65536);
    for (let end = size; end > 0; end -= chunk.length) {
      const from = Math.max(0, end - chunk.length);
      await file.read(chunk, 0, end - from, from);
      const newline = chunk.subarray(0, end - from).lastIndexOf(0x0a);
      if (newline >= 0) return await file.truncate(from + newline + 1);
    }
    await file.truncate(0);
  } finally {
    await file.close();
  }
}

/** Numbers of an entry that say how the run goes on, not how well. */
const courseNames = new Set(["rate", "seconds", "run_seconds", "reduce_seconds", "ranks", "skipped", "damaged_clips"]);

/** The numbers of an entry: losses and figures of the networks, and those of the run's course. */
export function figuresOf(entry: JournalEntry): { readonly figures: Record<string, number>; readonly course: Record<string, number> } {
  const numbers = Object.entries(entry).filter((pair): pair is [string, number] => typeof pair[1] === "number" && pair[0] !== "step");
  const isCourse = (name: string): boolean => courseNames.has(name) || name.startsWith("skipped.");
  return { figures: Object.fromEntries(numbers.filter(([name]) => !isCourse(name))), course: Object.fromEntries(numbers.filter(([name]) => isCourse(name))) };
}

/** Means of figures over the updates since the last report; numbers that are not finite do not count. */
export class Averages {
  readonly #sums = new Map<string, { total: number; count: number }>();

  add(figures: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(figures)) {
      if (!Number.isFinite(value)) continue;
      const sum = this.#sums.get(name) ?? { total: 0, count: 0 };
      sum.total += value;
      sum.count += 1;
      this.#sums.set(name, sum);
    }
  }

  take(): Record<string, number> {
    const means = Object.fromEntries([...this.#sums].map(([name, { total, count }]) => [name, total / count]));
    this.#sums.clear();
    return means;
  }
}
