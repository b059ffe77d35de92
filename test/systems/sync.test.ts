import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { initialValues, type ParamTable, paramsFromVector } from "../../src/nn/params.js";
import { createSession } from "../../src/runtime/session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";
import { mouthCodes, runs } from "../../src/systems/parts/sync-expert.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { stepGraph } from "../../src/systems/step-graph.js";
import type { Config } from "../../src/systems/sync/config.js";
import { sync } from "../../src/systems/sync/system.js";
import type { System } from "../../src/systems/system.js";
import { randomFeeds, stateFeeds } from "../support/feeds.js";

const system = sync as unknown as System;
const config = sync.presets["tiny"] as Config;
const tables = paramTables(system, config);

describe("the audio-lip expert", () => {
  it("learns to find the partners of one batch", async () => {
    const session = await createSession(stepGraph(system, config, system.phases[0]!).toModel(), { training: true });
    let feeds = { ...randomFeeds(session, 64, 3), ...stateFeeds(session, tables) };
    const [losses, found]: [number[], number[]] = [[], []];
    for (let step = 1; step <= 60; step++) {
      const scalar = (value: number): Tensor => floats(new Float32Array([value]), []);
      const out = await session.run({ ...feeds, step: scalar(step), rate: scalar(3e-3), memory: scalar(0.9) });
      losses.push(Number(out["loss.expert"]!.data[0]));
      found.push(Number(out["figure.found"]!.data[0]));
      feeds = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, out[`next.${name}`] ?? value]));
    }
    expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
    expect(found.at(-1)!).toBeGreaterThan(found[0]!);
  });

  it("does not hear how a mouth rests: what is the same in all frames makes no difference", async () => {
    const graph = new Graph();
    const table = tables.get("expert") as ParamTable;
    const mouth = graph.input("mouth", [1, 14, 68]);
    graph.output("code", mouthCodes(paramsFromVector(graph.input("theta", [table.size]), table), mouth));
    const session = await createSession(graph.toModel());
    const theta = floats(initialValues(table, 2), [table.size]);
    const code = async (data: Float32Array): Promise<Float32Array> => (await session.run({ theta, mouth: floats(data, [1, 14, 68]) }))["code"]!.data as Float32Array;
    const motion = Float32Array.from({ length: 14 * 68 }, (_, i) => Math.sin(i * 0.7) * 0.3);
    const before = await code(motion);
    const rested = await code(motion.map((value, i) => value + Math.cos(i % 68)));
    const moved = await code(motion.map((value, i) => (i < 7 * 68 ? value : -value)));
    const apart = (other: Float32Array): number => Math.max(...before.map((value, i) => Math.abs(value - other[i]!)));
    expect(before).toHaveLength(10 * 48);
    expect(apart(rested)).toBeLessThan(1e-4);
    expect(apart(moved)).toBeGreaterThan(1e-2);
  });

  it("averages over whole runs and leaves the rest", async () => {
    const graph = new Graph();
    graph.output("runs", runs(graph.input("x", [2, 7, 1]), 3));
    const session = await createSession(graph.toModel());
    const { runs: means } = await session.run({ x: floats(Float32Array.from({ length: 14 }, (_, i) => i), [2, 7, 1]) });
    expect(means!.shape).toEqual([4, 1]);
    expect([...(means!.data as Float32Array)]).toEqual([1, 4, 8, 11]);
  });
});
