/** Steps that changed nothing because a loss, gradient or rate was not finite: counted, and too many in a row end the run. */
import { TalkfaceError } from "../base/errors.js";
import type { Figures } from "./step/runner.js";

export class SkipWatch {
  readonly #limit: number;
  #inRow = 0;
  #sinceReport = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Groups that skipped the update. */
  note(figures: Figures): readonly string[] {
    const groups = Object.entries(figures).flatMap(([name, value]) => (name.startsWith("skipped.") && value !== 0 ? [name.slice(8)] : []));
    this.#inRow = groups.length === 0 ? 0 : this.#inRow + 1;
    this.#sinceReport += groups.length === 0 ? 0 : 1;
    return groups;
  }

  /** Throws `diverged` when too many were skipped in a row. */
  enforce(where: string): void {
    if (this.#inRow < this.#limit) return;
    throw new TalkfaceError(
      "diverged",
      `${where}: ${this.#inRow} updates in a row were skipped, because loss, gradient or rate was not finite. The last checkpoint is whole: start another run from it with --init and a lower rate.`,
    );
  }

  /** Skipped updates since the last call. */
  take(): number {
    const count = this.#sinceReport;
    this.#sinceReport = 0;
    return count;
  }
}
