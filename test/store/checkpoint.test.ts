import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkpointName, newestCheckpoint, writeCheckpoint } from "../../src/store/checkpoint.js";
import { decodeSafeTensors, encodeSafeTensors } from "../../src/store/safetensors.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-checkpoint-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const vectors = (x: number): Map<string, Float32Array> => new Map([["theta.generator", Float32Array.of(x, 2, 3)], ["m.generator", Float32Array.of(0.5)]]);

describe("checkpoints", () => {
  it("come back as they were, the newest first, older ones removed", async () => {
    for (const step of [5, 10, 15]) await writeCheckpoint(folder, { step, vectors: vectors(step), facts: { system: "x" } }, 2);
    expect((await readdir(folder)).sort()).toEqual([checkpointName(10), checkpointName(15)]);
    const newest = await newestCheckpoint(folder);
    expect(newest).toEqual({ path: join(folder, checkpointName(15)), step: 15, vectors: vectors(15), facts: { system: "x" } });
  });

  it("fall back to the one before when the newest is truncated or altered", async () => {
    await writeCheckpoint(folder, { step: 5, vectors: vectors(5), facts: {} }, 3);
    await writeCheckpoint(folder, { step: 10, vectors: vectors(10), facts: {} }, 3);
    await writeCheckpoint(folder, { step: 15, vectors: vectors(15), facts: {} }, 3);
    await truncate(join(folder, checkpointName(15)), 40);
    const altered = await readFile(join(folder, checkpointName(10)));
    altered[altered.length - 1]! ^= 1;
    await writeFile(join(folder, checkpointName(10)), altered);
    expect((await newestCheckpoint(folder))?.step).toBe(5);
    expect(await newestCheckpoint(join(folder, "none"))).toBeNull();
  });
});

describe("safetensors", () => {
  it("refuses hostile files with one sentence that names the file", () => {
    const good = encodeSafeTensors({ tensors: new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]), metadata: {} });
    const huge = good.slice();
    new DataView(huge.buffer).setBigUint64(0, 1n << 60n, true);
    for (const bad of [new Uint8Array(0), good.slice(0, good.length - 4), huge, new TextEncoder().encode("not a model, only text of some length")]) {
      expect(() => decodeSafeTensors(bad, "x.safetensors")).toThrow(/^x\.safetensors: not a usable safetensors file/);
    }
  });
});
