/** Plans beyond files: what models draw of prepared data, and controls that no method may be worse than. */
import { resolve } from "node:path";
import { TalkfaceError } from "../base/errors.js";
import { Random } from "../base/random.js";
import { openDataset } from "../data/dataset.js";
import type { Split } from "../data/manifest.js";
import type { Metric } from "../metrics/metric.js";
import type { Device } from "../runtime/devices.js";
import { readModel } from "../store/model.js";
import { systemNames } from "./pairs.js";
import { isMeant } from "./score-unit.js";
import { controlPrefix } from "./summary.js";
import type { ClipSource, Plan, Unit } from "./units.js";

export interface ModelPlanOptions {
  readonly models: readonly string[];
  readonly data: readonly string[];
  readonly split: Split | "all";
  readonly device: Device;
  /** At most so many clips, spread over the list. */
  readonly limit: number | null;
}

/** Every model on every clip of a split, each clip driven by itself. Throws `bad-model`, `bad-data`, `missing-file`. */
export async function planOfModels({ models, data, split, device, limit }: ModelPlanOptions): Promise<Plan> {
  const systems = systemNames(models);
  for (const model of models) await readModel(model); // a damaged model is known before the first clip
  const dataset = await openDataset(data);
  await dataset.close();
  const all = dataset.clips.filter((clip) => split === "all" || clip.split === split);
  if (all.length === 0) throw new TalkfaceError("bad-data", `${data.join(", ")}: there is no clip in the split ${split}. Name another with --split, or prepare people for it.`);
  const clips = limit === null || all.length <= limit ? all : Array.from({ length: limit }, (_, i) => all[Math.floor((i * all.length) / limit)]!);
  const folders = data.map((folder) => resolve(folder));
  const units = systems.flatMap((system, i) =>
    clips.map(({ id, person, labels }): Unit => {
      const clip: ClipSource = { kind: "clip", folders, id };
      return { system, clip: id, made: { kind: "driven", model: resolve(models[i]!), device, clip, speechOf: id }, real: clip, sound: null, identity: person, emotion: labels["emotion"] === undefined ? null : String(labels["emotion"]) };
    }),
  );
  return { systems, units, unpaired: [] };
}

export const stillControl = `${controlPrefix}still picture`;
export const shuffledControl = `${controlPrefix}shuffled audio`;
export const realControl = `${controlPrefix}real video`;

/**
 * Adds controls to a plan. The still picture: the real video's first frame, held. Shuffled audio: the first system with the speech of another
 * clip; where only its videos are at hand, they are held against the mouth and the sound of another clip, by metrics of speech alone. The real
 * video: what metrics without a reference say of it. A control of which no metric says anything is left out.
 */
export function withControls(plan: Plan, metrics: readonly Metric[], seed = 0): Plan {
  const lead = plan.units.filter(({ system, real }) => system === plan.systems[0] && real !== null);
  const other = derangement(lead, seed);
  const still = lead.map((unit): Unit => ({ ...unit, system: stillControl, made: { kind: "still", of: unit.real! }, sound: unit.sound ?? unit.real }));
  const shuffled = lead.flatMap((unit, i): Unit[] => {
    const from = other[i];
    if (from === undefined) return [];
    if (unit.made.kind === "driven" && from.made.kind === "driven") return [{ ...unit, system: shuffledControl, made: { ...unit.made, speechOf: from.made.clip.id } }];
    return [{ ...unit, system: shuffledControl, real: from.real, sound: from.sound ?? from.real, only: "speech" }];
  });
  const real = lead.map((unit): Unit => ({ ...unit, system: realControl, made: unit.real!, sound: unit.real, only: "alone" }));
  const controls = [{ name: stillControl, units: still }, { name: shuffledControl, units: shuffled }, { name: realControl, units: real }];
  const added = controls.filter(({ units: [first] }) => first !== undefined && metrics.some((metric) => isMeant(metric, first)));
  return { ...plan, systems: [...plan.systems, ...added.map(({ name }) => name)], units: [...plan.units, ...added.flatMap(({ units }) => units)] };
}

/** For each unit another one, of another person where people are known; nothing for a unit that is alone. */
function derangement(units: readonly Unit[], seed: number): (Unit | undefined)[] {
  const order = new Random(seed).split("shuffled audio").shuffle(units.map((_, i) => i));
  const place = new Map(order.map((unit, at) => [unit, at]));
  return units.map((unit, i) => {
    for (let step = 1; step < units.length; step++) {
      const candidate = units[order[(place.get(i)! + step) % units.length]!]!;
      if (unit.identity === null || candidate.identity !== unit.identity) return candidate;
    }
    return units.length > 1 ? units[order[(place.get(i)! + 1) % units.length]!] : undefined;
  });
}
