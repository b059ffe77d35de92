import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataContract } from "../../src/base/contract.js";
import { defaultRule } from "../../src/nn/optimizers/settings.js";
import { writeCheckpoint } from "../../src/store/checkpoint.js";
import { readModel } from "../../src/store/model.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem } from "../../src/systems/registry.js";
import { blended } from "../../src/train/blend.js";
import { exportModel } from "../../src/train/export.js";
import { parameterNames } from "../../src/train/init.js";
import { initialState } from "../../src/train/state.js";

let folder: string;
const system = findSystem("et-gan-acw");
const place = (name: string): string => join(folder, name);

/** A run of new weights drawn from `seed`. */
async function writeRun(name: string, seed: number, width = 16): Promise<void> {
  const config = system.parseConfig({ ...(system.presets["tiny"] as object), width });
  const tables = paramTables(system, config);
  const facts = { system: system.name, config: JSON.stringify(config), parameters: parameterNames(tables), contract: JSON.stringify(dataContract(64)), seed: String(seed), phases: "[]", clips: "1", people: "1", minutes: "1" };
  await writeCheckpoint(place(name), { step: seed, vectors: initialState(tables, defaultRule, seed), facts }, 1);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-blend-"));
  await Promise.all([writeRun("one", 1), writeRun("two", 2), writeRun("wide", 3, 24)]);
});
afterAll(() => rm(folder, { recursive: true }));

describe("blended weights", () => {
  it("lie between those of the two trainings", async () => {
    const own = { vectors: new Map([["average.a", Float32Array.of(0, 4)], ["alone", Float32Array.of(7)]]), facts: { system: "s" } };
    await writeCheckpoint(place("plain"), { step: 1, vectors: new Map([["average.a", Float32Array.of(8, -4)], ["unasked", Float32Array.of(1)]]), facts: own.facts }, 1);
    expect(Object.fromEntries(await blended(own, { source: place("plain"), share: 0.25 }))).toEqual({ "average.a": Float32Array.of(2, 2), alone: Float32Array.of(7) });
  });

  it("are exported, and the model says so", async () => {
    await exportModel(place("one"), place("half"), { licence: "test", blend: { source: place("two"), share: 0.5 } });
    const { description, networks } = await readModel(place("half"));
    expect(description.training).toMatchObject({ steps: 1, blend: 0.5 });
    expect(networks.size).toBe(4);
  });

  it("refuses weights of other sizes", async () => {
    await expect(exportModel(place("one"), place("never"), { licence: "test", blend: { source: place("wide"), share: 0.5 } })).rejects.toThrow(/wide.*other parameters/);
  });
});
