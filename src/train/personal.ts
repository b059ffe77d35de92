/** What a run that starts from a model takes over from it, and the settings with which it learns a single person. */
import { join } from "node:path";
import { TalkfaceError } from "../base/errors.js";
import { exists } from "../base/files.js";
import { openDataset } from "../data/dataset.js";
import { readModel } from "../store/model.js";
import type { System } from "../systems/system.js";
import type { TrainConfig } from "./config.js";

/** The system of a model folder and its configuration; null for a checkpoint, which only gives weights. */
export async function modelToStartFrom(path: string): Promise<{ readonly system: string; readonly config: Readonly<Record<string, unknown>> } | null> {
  if (!(await exists(join(path, "model.json")))) return null;
  const { system, config } = (await readModel(path)).description;
  return { system, config };
}

/** How many people the training clips of prepared folders show. */
export async function countPeople(folders: readonly string[]): Promise<number> {
  const dataset = await openDataset(folders);
  await dataset.close();
  return new Set(dataset.clips.filter(({ split }) => split === "train").map(({ person }) => person)).size;
}

/** Minutes that making a model fit one person takes at most. */
export const personalMinutes = 30;

export type PersonalSettings = Pick<TrainConfig, "config" | "phases" | "schedule" | "warmupSteps" | "minutes">;

/**
 * Settings that make a model of a system, with that configuration, fit one person. The rate stays as it is, for nobody knows beforehand at which step the time
 * ends; the moving average of the weights smooths what it leaves. Throws `usage` where the system has no such way.
 */
export function personalSettings(system: System, config: Readonly<Record<string, unknown>>, minutes = personalMinutes): PersonalSettings {
  if (system.personal === undefined) throw new TalkfaceError("usage", `${system.name}: has no settings for one person. Give phases with --phase.`);
  const { phases, adapt } = system.personal;
  return {
    config: adapt(system.parseConfig(config)) as Record<string, unknown>,
    phases: phases.map((phase) => ({ ...phase })),
    schedule: { kind: "constant", floor: 1 },
    warmupSteps: 10,
    minutes,
  };
}
