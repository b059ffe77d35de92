/** Keeps `report.html` in the run's folder up to date: written anew with every validation and every checkpoint that brings something new. */
import { join } from "node:path";
import { writeAtomic } from "../../base/files.js";
import type { JournalEntry, JournalListener } from "../journal.js";
import { runPage } from "./run-page.js";

export const pageName = "report.html";

export class PageListener implements JournalListener {
  readonly name = "page of the run";
  readonly #folder: string;
  /** Something was written since that the page does not show. */
  #isBehind = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async take({ kind }: JournalEntry): Promise<void> {
    if (kind !== "checkpoint") this.#isBehind = true;
    if (kind === "validation" || kind === "checkpoint") await this.close();
  }

  async close(): Promise<void> {
    if (!this.#isBehind) return;
    await writeAtomic(join(this.#folder, pageName), await runPage(this.#folder));
    this.#isBehind = false;
  }
}
