/** The record of a run: `metrics.jsonl`, one JSON object a line, appended as it happens. */
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fromSystemError } from "../base/errors.js";

export interface JournalEntry {
  readonly kind: "train" | "validation" | "event";
  readonly step: number;
  readonly phase: string;
  readonly [figure: string]: string | number;
}

export class Journal {
  readonly #path: string | null;

  /** Without a folder nothing is kept. */
  constructor(folder: string | null) {
    this.#path = folder === null ? null : join(folder, "metrics.jsonl");
  }

  async write(entry: JournalEntry): Promise<void> {
    if (this.#path === null) return;
    const rounded = Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, typeof value === "number" ? Number(value.toPrecision(6)) : value]));
    try {
      await mkdir(join(this.#path, ".."), { recursive: true });
      await appendFile(this.#path, `${JSON.stringify(rounded)}\n`);
    } catch (error) {
      throw fromSystemError(error, this.#path);
    }
  }
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
