/** A model folder with initial weights: everything of a real one but its training. */
import { dataContract } from "../../src/base/contract.js";
import { initialValues, type ParamTable } from "../../src/nn/params.js";
import { writeModel } from "../../src/store/model.js";
import { deployedGraphs } from "../../src/systems/graphs.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem } from "../../src/systems/registry.js";

/** Writes ET-GAN-ACW of a preset ("tiny": 64 pixels, two views), with some values changed, into the folder. */
export async function writeUntrainedModel(folder: string, preset: string, seed = 1, changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const system = findSystem("et-gan-acw");
  const config = system.parseConfig({ ...(system.presets[preset] as object), ...changes }) as { readonly size: number };
  const table = paramTables(system, config).get("generator") as ParamTable;
  const graphs = deployedGraphs(system, config, initialValues(table, seed), { system: system.name }, initialValues(table.state, seed));
  const facts = { system: system.name, config, contract: dataContract(config.size), licence: "MIT", training: { steps: 0, seed } };
  await writeModel(folder, facts, graphs);
}
