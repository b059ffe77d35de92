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

  /** Groups that skipped the update; throws `diverged` when it is one too many. */
  note(figures: Figures, where: string): readonly string[] {
    const groups = Object.entries(figures).flatMap(([name, value]) => (name.startsWith("skipped.") && value !== 0 ? [name.slice(8)] : []));
    this.#inRow = groups.length === 0 ? 0 : this.#inRow + 1;
    this.#sinceReport += groups.length === 0 ? 0 : 1;
    if (this.#inRow >= this.#limit) {
      throw new TalkfaceError(
        "diverged",
        `${where}: ${this.#inRow} updates in a row were skipped, because loss, gradient or rate of ${groups.join(" and ")} was not finite. The last checkpoint is whole: start another run from it with --init and a lower rate.`,
      );
    }
    return groups;
  }

  /** Skipped updates since the last call. */
  take(): number {
    const count = this.#sinceReport;
    this.#sinceReport = 0;
    return count;
  }
}
