/** A model is fitted to one person by `talkface train --init`: no flag but what, with what and where to. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJson, readJsonLines } from "../../src/base/files.js";
import { widened } from "../../src/graph/float16.js";
import { decodeModel } from "../../src/graph/onnx.js";
import { readModel } from "../../src/store/model.js";
import { parseTrainConfig, type TrainConfig } from "../../src/train/config.js";
import { exportModel } from "../../src/train/export.js";
import { runTalkface } from "../support/command.js";
import { writeShards } from "../support/shards.js";
import { writeUntrainedModel } from "../support/untrained-model.js";

let folder: string;
const place = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-personal-"));
  await writeUntrainedModel(place("model"), "tiny", 1, { dropout: 0.1 });
  await writeShards(place("one"), { people: 2, heldOut: 1, frames: 20, size: 64 });
  await writeShards(place("two"), { people: 2, frames: 20, size: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settingsOf = async (run: string): Promise<TrainConfig> => parseTrainConfig(await readJson(join(run, "config.json")), run);

/** By name the largest change of a weight. */
async function changesOf(before: string, after: string): Promise<[string, number][]> {
  const [a, b] = await Promise.all([before, after].map(async (model) => {
    const { networks } = await readModel(model);
    return new Map([...networks].flatMap(([network, bytes]) => decodeModel(bytes, network).graph.initializers.flatMap((tensor) => {
      const weight = widened(tensor);
      return weight === null ? [] : [[weight.name, new Float32Array(weight.data.slice().buffer)] as const];
    })));
  })) as [Map<string, Float32Array>, Map<string, Float32Array>];
  return [...a].map(([name, data]) => [name, Math.max(...data.map((value, i) => Math.abs(value - (b.get(name)![i] as number))))]);
}

describe("a model and the footage of one person", () => {
  it("give a personal model within the minutes: pictures have learned, points and speech are what they were", async () => {
    const run = place("run");
    const { status, stdout, stderr } = runTalkface(["train", "--init", place("model"), "--data", place("one"), "--out", run, "--minutes", "0.1", "--json"]);
    expect(stderr).toMatch(/is fitted to one person, in at most 0\.1 minutes/);
    expect(status).toBe(0);
    const { steps, finished } = JSON.parse(stdout) as { steps: number; finished: boolean };
    expect(finished).toBe(true);
    const { system, config, phases, minutes, schedule } = await settingsOf(run);
    expect({ system, minutes, schedule }).toMatchObject({ system: "et-gan-acw", minutes: 0.1, schedule: { kind: "constant" } });
    expect(phases.map(({ name }) => name)).toEqual(["adversarial"]);
    expect(config).toMatchObject({ size: 64, dropout: 0.1, without: ["cross"], render: { batch: 2, frames: 3 } });
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(phases[0]!.steps); // the time was over
    // the last step is told and judged, as if it had been the last of the phase
    const journal = (await readJsonLines(join(run, "metrics.jsonl"))) as { kind: string; step: number; seconds?: number }[];
    for (const kind of ["train", "validation", "checkpoint"]) expect(journal.findLast((entry) => entry.kind === kind)?.step, kind).toBe(steps);
    expect(journal.findLast(({ kind }) => kind === "train")!.seconds).toBeLessThan(6);

    await exportModel(run, place("personal"), { licence: "test" });
    const changes = await changesOf(place("model"), place("personal"));
    const moved = changes.filter(([, change]) => change > 1e-5).map(([name]) => name); // a moving average rounds
    expect(moved).not.toEqual([]);
    expect(moved.filter((name) => !name.startsWith("generator/"))).toEqual([]);
    expect((await readModel(place("personal"))).description.training).toMatchObject({ steps, people: 1 });
  }, 120_000);

  it("several people are trained in the system's phases, from the model's weights and configuration", async () => {
    const run = place("several");
    expect(runTalkface(["train", "--init", place("model"), "--data", place("two"), "--out", run, "--minutes", "0.01"]).status).toBe(0);
    const { phases, config, warmupSteps } = await settingsOf(run);
    expect(phases.map(({ name }) => name)).toEqual(["motion", "expression", "speech", "render", "adversarial"]);
    expect({ config, warmupSteps }).toMatchObject({ config: { dropout: 0.1, without: [] }, warmupSteps: 100 });
  }, 60_000);

  it("needs a system by name where nothing else says which", () => {
    const { status, stderr } = runTalkface(["train", "--data", place("one"), "--out", place("none"), "--init", "no-such-model"]);
    expect(stderr).toMatch(/--system: expected one of et-gan-acw, sync, or --init with a model folder/);
    expect(status).toBe(2);
  }, 30_000);
});
