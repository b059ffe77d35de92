/** SyncNet's graphs and its scores against PyTorch's (support/syncnet_torch.py FOLDER made golden/syncnet.json). */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type SyncScore, syncScore } from "../../src/metrics/syncnet/distances.js";
import { syncnetGraphs, syncnetShapes, type Weight } from "../../src/metrics/syncnet/network.js";
import { writeImported } from "../../src/store/imported.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runTalkface } from "../support/command.js";
import { findTorch } from "../support/torch-check.js";

interface Golden {
  /** Every 64th number of two embeddings. */
  readonly audio: readonly (readonly number[])[];
  readonly video: readonly (readonly number[])[];
  readonly sync: SyncScore;
  readonly valid: SyncScore;
}
const golden = JSON.parse(readFileSync(new URL("golden/syncnet.json", import.meta.url), "utf8")) as Golden;

/** As in the Python script: -1..1. */
const wave = (index: number, count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => {
  const x = (i + 1) * (0.6180339887498949 + index * 0.0123);
  return (x - Math.floor(x)) * 2 - 1;
});

/** Names and shapes of the published weights, with numbers by formula. */
function weights(): Map<string, Weight> {
  const shapes: [string, number[]][] = [];
  const norm = (name: string, n: number): void => void ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].forEach((part) => shapes.push([`${name}.${part}`, part === "num_batches_tracked" ? [] : [n]]));
  const layer = (body: string, index: number, shape: number[]): void => {
    shapes.push([`${body}.${index}.weight`, shape], [`${body}.${index}.bias`, [shape[0]!]]);
    norm(`${body}.${index + 1}`, shape[0]!);
  };
  for (const [index, shape] of [[0, [64, 1, 3, 3]], [4, [192, 64, 3, 3]], [8, [384, 192, 3, 3]], [11, [256, 384, 3, 3]], [14, [256, 256, 3, 3]], [18, [512, 256, 5, 4]]] as const) layer("netcnnaud", index, [...shape]);
  for (const [index, shape] of [[0, [96, 3, 5, 7, 7]], [4, [256, 96, 1, 5, 5]], [8, [256, 256, 1, 3, 3]], [11, [256, 256, 1, 3, 3]], [14, [256, 256, 1, 3, 3]], [18, [512, 256, 1, 6, 6]]] as const) layer("netcnnlip", index, [...shape]);
  for (const body of ["netfcaud", "netfclip"]) {
    layer(body, 0, [512, 512]);
    shapes.push([`${body}.3.weight`, [1024, 512]], [`${body}.3.bias`, [1024]]);
  }
  shapes.sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(shapes.map(([name, shape], index) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const scale = shape.length > 1 ? Math.sqrt(3 / (count / shape[0]!)) : 0.5;
    const shift = name.endsWith("running_var") || (shape.length === 1 && name.endsWith("weight")) ? 1 : 0;
    return [name, { shape, data: Float32Array.from(wave(index, count), (x) => x * scale + shift) }];
  }));
}

const known = weights();

const near = (found: Float32Array, wanted: readonly number[], row: number): number => Math.max(...wanted.map((value, k) => Math.abs(found[row * 1024 + 64 * k]! - value)));

describe("SyncNet", () => {
  it("embeds sound and pictures as PyTorch does", async () => {
    const graphs = syncnetGraphs(known, "test");
    const inputs = {
      audio: { mfcc: floats(new Float32Array(20 * 260), syncnetShapes.audio) },
      video: { planes: floats(new Float32Array(20 * 15 * 224 * 224), syncnetShapes.video) },
    };
    inputs.audio.mfcc.data.set(Float32Array.from(wave(1000, 2 * 260), (x) => x * 10) as never);
    inputs.video.planes.data.set(Float32Array.from(wave(2000, 2 * 15 * 224 * 224), (x) => Math.round((x + 1) * 127.5)) as never);
    for (const branch of ["audio", "video"] as const) {
      const session = await createSession(graphs[branch].toModel());
      const { code } = await session.run(inputs[branch]);
      golden[branch].forEach((wanted, row) => expect(near(code!.data as Float32Array, wanted, row), branch).toBeLessThan(1e-3));
      await session.release();
    }
  });

  it("says which weight is missing or of another shape", () => {
    const some = new Map(known);
    some.delete("netfcaud.3.bias");
    expect(() => syncnetGraphs(some, "file.pt")).toThrow(/file\.pt: the weight netfcaud\.3\.bias should be \[1024\], found none/);
    expect(() => syncnetGraphs(new Map([...known, ["netcnnlip.0.weight", { shape: [96, 3, 7, 7], data: new Float32Array(1) }]]), "file.pt")).toThrow(/should be \[96, 3, 5, 7, 7\], found \[96, 3, 7, 7\]/);
  });

  it("scores as SyncNetInstance does, zeros beyond the ends included or left out", () => {
    const n = 40;
    const rows = (all: Float64Array): Float32Array[] => Array.from({ length: n }, (_, i) => Float32Array.from(all.subarray(i * 1024, (i + 1) * 1024)));
    const [video, noise] = [rows(wave(3000, n * 1024)), rows(wave(4000, n * 1024))];
    const audio = noise.map((row, i) => (i < n - 3 ? row.map((x, k) => x + video[i + 3]![k]!) : row));
    for (const [ends, known] of [["zeros", golden.sync], ["left out", golden.valid]] as const) {
      const score = syncScore(video, audio, ends);
      expect(score.offset).toBe(known.offset);
      expect(Math.abs(score.distance - known.distance)).toBeLessThan(1e-3);
      expect(Math.abs(score.confidence - known.confidence)).toBeLessThan(1e-3);
    }
    expect(Math.abs(golden.sync.confidence - golden.valid.confidence)).toBeGreaterThan(0.1);
    expect(golden.sync.confidence).toBeGreaterThan(1);
    // Ten windows: shifts of ten and more have no pair.
    expect(syncScore(video.slice(0, 10), audio.slice(0, 10), "left out").offset).toBe(golden.valid.offset);
  });

  it("scores the face track of clips that are long enough, and says why of others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "talkface-syncnet-"));
    try {
      const graphs = syncnetGraphs(known, "test");
      await writeImported(join(folder, "home/models/syncnet"), "syncnet", "made by this test", { audio: graphs.audio.toModel(), video: graphs.video.toModel() });
      for (const [name, seconds] of [["long", 2.2], ["short", 0.6]] as const) {
        const [plan] = planClips(1, 911, seconds, 192, ["neutral"]);
        await writePersonaClip(join(folder, "clips", name), plan!, { force: false });
      }
      const { status, stdout } = runTalkface(["eval", join(folder, "clips"), "--metrics", "lse:tracked-short", "--json"], { TALKFACE_HOME: join(folder, "home") });
      expect(status).toBe(3);
      const found = JSON.parse(stdout) as { clips: { name: string; problems: Record<string, string>; scores: Record<string, { value: number; frames: number }> }[] } & Record<string, { n: number; mean: number } | null>;
      const clips = Object.fromEntries(found.clips.map((clip) => [clip.name, clip]));
      expect(clips["long"]!.scores["lse-c:tracked-short"]!.frames).toBe(55 - 5);
      expect(found["lse-d:tracked-short"]).toMatchObject({ n: 1, mean: clips["long"]!.scores["lse-d:tracked-short"]!.value });
      expect(clips["short"]!.problems["lse:tracked-short"]).toMatch(/no face is followed for more than 50 frames at more than 100 px \(the longest track: 15 frames, 1\d\d px\)/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const python = findTorch();
  it.skipIf(python === null)("is imported from both containers and used by eval (skipped where python3 has no torch)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "talkface-syncnet-"));
    try {
      execFileSync(python!, [join(import.meta.dirname, "../support/syncnet_torch.py"), folder, "containers"]);
      const [clip] = planClips(1, 910, 0.8, 96, ["neutral"]);
      await writePersonaClip(join(folder, "clip"), clip!, { force: false });
      const scores = ["zip", "legacy"].map((container) => {
        const home = { TALKFACE_HOME: join(folder, container) };
        const evaluation = (): ReturnType<typeof runTalkface> => runTalkface(["eval", join(folder, "clip.mp4"), join(folder, "clip.mp4"), "--metrics", "lse", "--out", join(folder, container, "scores"), "--json"], home);
        expect(evaluation()).toMatchObject({ status: 1, stderr: expect.stringContaining("talkface import syncnet FILE") });
        expect(runTalkface(["import", "syncnet", join(folder, `syncnet-${container}.pt`)], home).status).toBe(0);
        expect(runTalkface(["import", "syncnet", join(folder, `syncnet-${container}.pt`)], home)).toMatchObject({ status: 1, stderr: expect.stringContaining("--force") });
        const { status, stdout } = evaluation();
        expect(status).toBe(0);
        // Kept scores know that there were no weights then: the clip is scored now.
        return JSON.parse(stdout) as Record<"lse" | "lse-c" | "lse-d" | "av-offset", { mean: number; sd: number; n: number; protocol: string }>;
      });
      expect(scores[0]).toEqual(scores[1]);
      expect(scores[0]!["lse-d"].mean).toBeGreaterThan(0);
      // Who asks for lse finds it: LSE-C.
      expect(scores[0]!.lse).toEqual({ ...scores[0]!["lse-c"], score: "lse-c" });
      expect(scores[0]!.lse.protocol).toMatch(/SyncNet.*; weights [0-9a-f]{12}; /);
      expect(runTalkface(["import", "syncnet", join(folder, "small-zip.pt"), "--out", join(folder, "other")])).toMatchObject({ status: 1, stderr: expect.stringContaining("should be [64, 1, 3, 3], found none") });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
