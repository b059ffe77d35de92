/** A checkpoint -> a deployed model folder. */
import type { DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { toFloat16 } from "../graph/float16.js";
import { findCheckpoint } from "../store/checkpoint.js";
import { type ModelDescription, writeModel } from "../store/model.js";
import { deployedGraphs } from "../systems/graphs.js";
import { layerStateName } from "../systems/phase-graph.js";
import { findSystem } from "../systems/registry.js";
import { stateNames } from "../systems/step-graph.js";
import { type Blend, blended } from "./blend.js";

export type Precision = "float32" | "float16";

export interface ExportOptions {
  readonly licence: string;
  readonly precision?: Precision;
  /** As in `findCheckpoint`. */
  readonly which?: string;
  /** Weights of the same networks that are blended in. */
  readonly blend?: Blend | null;
}

/** Writes the averaged weights of the system's first group as graphs and `model.json`; `source` as in `findCheckpoint`. Returns the bytes of the graphs. */
export async function exportModel(source: string, folder: string, { licence, precision = "float32", which = "latest", blend = null }: ExportOptions): Promise<number> {
  const { path: checkpoint, step, vectors: own, facts } = await findCheckpoint(source, which);
  const fact = (name: string): string => {
    const value = facts[name];
    if (value === undefined) throw new TalkfaceError("bad-data", `${checkpoint}: its record of ${name} is missing. It was not written by \`talkface train\`.`);
    return value;
  };
  const system = findSystem(fact("system"));
  const vectors = blend === null ? own : await blended({ vectors: own, facts }, blend);
  const config = system.parseConfig(JSON.parse(fact("config")));
  const contract = JSON.parse(fact("contract")) as DataContract;
  const weights = vectors.get(stateNames(system.groups[0] as string).average);
  if (weights === undefined) throw new TalkfaceError("bad-data", `${checkpoint}: holds no averaged weights.`);
  const training: ModelDescription["training"] = { steps: step, seed: Number(fact("seed")), clips: Number(fact("clips")), people: Number(fact("people")), minutes: Number(fact("minutes")), phases: fact("phases"), ...(blend === null ? {} : { blend: blend.share }) };
  const metadata = { system: system.name, citation: system.citation, licence, config: JSON.stringify(config), contract: JSON.stringify(contract), training: JSON.stringify(training) };
  const graphs = deployedGraphs(system, config, weights, metadata, vectors.get(layerStateName(system.groups[0] as string)));
  const written = precision === "float16" ? new Map([...graphs].map(([name, graph]) => [name, toFloat16(graph)])) : graphs;
  return writeModel(folder, { system: system.name, config: config as Record<string, unknown>, contract, licence, precision, training }, written);
}
