/** The personal model: trained and exported within its minutes. */
import { join, resolve } from "node:path";
import { z } from "zod";
import { TalkfaceError } from "../../src/base/errors.js";
import { exists, readJson, writeAtomic } from "../../src/base/files.js";
import { modelDigest } from "../../src/store/model.js";
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

/** What was asked for, and what came of it. */
const record = z.strictObject({
  asked: z.strictObject({ person: z.string(), from: z.string().nullable(), minutes: z.number(), steps: z.number().nullable() }),
  outcome: z.strictObject({ steps: z.number(), minutes: z.number() }),
});

export interface Trained {
  readonly model: string;
  readonly steps: number;
  readonly minutes: number;
}

/**
 * Trains from the model, or takes what was trained there with the same. Returns the folder of the model, how many steps it had and the minutes that it took.
 * Throws `interrupted` on Ctrl-C, `bad-model` where there is nothing to start from.
 */
export async function personalModel({ person, model: init, minutes, steps, out }: PersonalPlan): Promise<Trained> {
  const [path, model] = [join(out, "trained.json"), join(out, "model")];
  const asked = { person: resolve(person), from: await modelDigest(init), minutes, steps };
  if (await exists(path)) {
    const { success, data } = record.safeParse(await readJson(path));
    if (success && JSON.stringify(data.asked) === JSON.stringify(asked)) return { model, ...data.outcome };
  }
  if (await exists(out)) throw new TalkfaceError("exists", `${out}: holds another run, or one that was stopped, whose minutes are over. Give another --out.`);
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
    await exportModel(run, model, { licence: "none: trained for a comparison only" });
    const trained = { steps: outcome.steps, minutes: (performance.now() - started) / 60_000 };
    await writeAtomic(path, `${JSON.stringify({ asked, outcome: trained } satisfies z.infer<typeof record>, null, 2)}\n`);
    return { model, ...trained };
  } finally {
    process.removeListener("SIGINT", ask);
  }
}
