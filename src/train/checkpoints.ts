/** The state of a run into a checkpoint and back. */
import { join } from "node:path";
import { TalkfaceError } from "../base/errors.js";
import { checkpointName, writeCheckpoint } from "../store/checkpoint.js";
import { placeOf } from "./config.js";
import { parameterNames } from "./init.js";
import type { Run } from "./run.js";
import type { TrainState } from "./state.js";
import { followFirst } from "./together.js";

/** Takes every vector of the state from a checkpoint; throws `bad-data` where they are not of this run's configuration. */
export function restore(state: TrainState, vectors: ReadonlyMap<string, Float32Array>, where: string): void {
  for (const [name, vector] of state) {
    const saved = vectors.get(name);
    if (saved === undefined || saved.length !== vector.length) {
      throw new TalkfaceError("bad-data", `${where}: ${name} has ${saved?.length ?? 0} numbers, expected ${vector.length}. It was made with another configuration.`);
    }
    vector.set(saved);
  }
}

/** Writes a checkpoint after that many steps over all phases, on rank 0; returns its path. The others take over its state: differences in rounding stay small. */
export async function save(run: Run, state: TrainState, step: number): Promise<string> {
  followFirst(run.ranks, state, step);
  if (run.ranks.rank !== 0) return join(run.options.out, checkpointName(step));
  const { phases } = run.config;
  const phase = phases[placeOf(Math.max(0, step - 1), phases)?.index ?? phases.length - 1]?.name as string;
  const path = await writeCheckpoint(run.options.out, { step, vectors: state, facts: factsOf(run) }, run.config.keepCheckpoints);
  await run.journal.write({ kind: "checkpoint", step, phase, file: checkpointName(step) });
  return path;
}

/** What a checkpoint says of its run. */
export function factsOf(run: Run): Record<string, string> {
  return {
    system: run.system.name,
    config: JSON.stringify(run.systemConfig),
    contract: JSON.stringify(run.contract),
    seed: String(run.config.seed),
    parameters: parameterNames(run.tables),
    phases: JSON.stringify(run.config.phases),
    clips: String(run.train.length),
    people: String(new Set(run.train.map((clip) => clip.person)).size),
    minutes: String(Math.round((run.train.reduce((sum, clip) => sum + clip.frames, 0) / run.contract.fps / 60) * 10) / 10),
  };
}
