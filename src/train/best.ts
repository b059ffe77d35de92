/** The weights that validation liked best: `best.safetensors` beside the checkpoints. It holds what was judged, averages and layer state, and is no state to resume from. */
import { join } from "node:path";
import { exists } from "../base/files.js";
import { warn } from "../base/log.js";
import { bestName, readCheckpoint, writeBest } from "../store/checkpoint.js";
import { layerStateName } from "../systems/phase-graph.js";
import { stateNames } from "../systems/step-graph.js";
import type { Judgement, Phase } from "../systems/system.js";
import { factsOf } from "./checkpoints.js";
import type { Run } from "./run.js";
import type { TrainState } from "./state.js";

/** Best value so far. Figures of two phases do not compare: each phase begins with a record of its own. */
interface BestRecord {
  readonly phase: string;
  readonly figure: string;
  readonly value: number;
}

export function judgementOf(phase: Phase<unknown>): Judgement {
  return phase.judgedBy ?? { figure: `loss.${phase.groups[0]}`, better: "lower" };
}

export class BestKeeper {
  #record: BestRecord | null;

  private constructor(record: BestRecord | null) {
    this.#record = record;
  }

  /** Takes up the record of a run that is resumed; a damaged one is named and begun anew. Without a folder there is none. */
  static async open(folder: string | null): Promise<BestKeeper> {
    const path = folder === null ? null : join(folder, bestName);
    if (path === null || !(await exists(path))) return new BestKeeper(null);
    try {
      const { phase, figure, value } = (await readCheckpoint(path)).facts;
      if (phase !== undefined && figure !== undefined && Number.isFinite(Number(value ?? "none"))) return new BestKeeper({ phase, figure, value: Number(value) });
      warn(`${path}: does not say how good it is. The record begins anew.`);
    } catch (error) {
      warn(`${(error as Error).message} The record begins anew.`);
    }
    return new BestKeeper(null);
  }

  /** Keeps the averages of the weights where the figure that decides is better than ever in this phase; a figure that was not finite is no value and is missing. */
  async offer(run: Run, phase: Phase<unknown>, state: TrainState, step: number, figures: Readonly<Record<string, number>>): Promise<void> {
    const { figure, better } = judgementOf(phase);
    const value = figures[figure];
    if (value === undefined) return;
    const known = this.#record;
    const comparable = known !== null && known.phase === phase.name && known.figure === figure;
    if (comparable && !(better === "lower" ? value < known.value : value > known.value)) return;
    const judged = [...run.tables.keys()].flatMap((group) => [stateNames(group).average, layerStateName(group)]);
    const vectors = new Map(judged.flatMap((name) => (state.has(name) ? [[name, state.get(name)!] as const] : [])));
    await writeBest(run.options.out, { step, vectors, facts: { ...factsOf(run), phase: phase.name, figure, better, value: String(value) } });
    this.#record = { phase: phase.name, figure, value };
    await run.journal.write({ kind: "best", step, phase: phase.name, figure, value, better, file: bestName });
  }
}
