/** The personal model: trained and exported within its minutes. */
import { join } from "node:path";
import { TalkfaceError } from "../../src/base/errors.js";
import { findSystem } from "../../src/systems/registry.js";
import { parseTrainConfig } from "../../src/train/config.js";
import { exportModel } from "../../src/train/export.js";
import { train } from "../../src/train/loop.js";
import { modelToStartFrom, personalSettings } from "../../src/train/personal.js";

export interface PersonalPlan {
  /** Prepared folder of the person. */
  readonly person: string;
  /** Folder of the model to start from. */
  readonly model: string;
  /** For everything: training and export. */
  readonly minutes: number;
  readonly steps: number | null;
  /** Gets `run` and `model`. */
  readonly out: string;
}

/**
 * Returns the folder of the model, how many steps it had and the minutes that it took.
 * Throws `interrupted` on Ctrl-C, `bad-model` where there is nothing to start from.
 */
export async function personalModel({ person, model: init, minutes, steps, out }: PersonalPlan): Promise<{ model: string; steps: number; minutes: number }> {
  const started = performance.now();
  const from = await modelToStartFrom(init);
  if (from === null) throw new TalkfaceError("bad-model", `${init}: holds no model.json. Give --model a model folder.`);
  const { phases, ...settings } = personalSettings(findSystem(from.system), from.config, minutes);
  const shorter = phases.map((phase) => ({ ...phase, steps: Math.min(phase.steps, steps ?? phase.steps) }));
  const config = parseTrainConfig({ system: from.system, data: [person], phases: shorter, ...settings }, "personal");
  let stop = false;
  const ask = (): void => void (stop = true);
  process.once("SIGINT", ask);
  try {
    const run = join(out, "run");
    const outcome = await train(config, { out: run, device: "cpu", init, shouldStop: () => stop });
    if (!outcome.finished) throw new TalkfaceError("interrupted", `${run}: stopped after step ${outcome.steps}. Begin again with another --out.`);
    const model = join(out, "model");
    await exportModel(run, model, "none: trained for a comparison only");
    return { model, steps: outcome.steps, minutes: (performance.now() - started) / 60_000 };
  } finally {
    process.removeListener("SIGINT", ask);
  }
}
