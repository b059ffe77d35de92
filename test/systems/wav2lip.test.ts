/** Wav2Lip's generator from published weights against PyTorch's (support/wav2lip_torch.py FOLDER made golden/wav2lip.json). */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { declareParams } from "../../src/nn/params.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { readImported } from "../../src/store/imported.js";
import { wav2lipGenerator } from "../../src/systems/parts/wav2lip-generator.js";
import { type PublishedWeight, wav2lipGraph } from "../../src/systems/parts/wav2lip-weights.js";
import { runTalkface } from "../support/command.js";
import { findTorch } from "../support/torch-check.js";

const golden = JSON.parse(readFileSync(new URL("golden/wav2lip.json", import.meta.url), "utf8")) as { readonly frame: readonly number[] };

/** As in the Python script: -1..1. */
const wave = (index: number, count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => {
  const x = (i + 1) * (0.6180339887498949 + index * 0.0123);
  return (x - Math.floor(x)) * 2 - 1;
});

/** Names and shapes of a published checkpoint, with numbers by formula. */
function weights(): Map<string, PublishedWeight> {
  const { specs, state } = declareParams((p) => void wav2lipGenerator(p, p.graph.input("faces", [2, 6, 96, 96]), p.graph.input("mel", [2, 1, 80, 16])));
  const names = [...specs, ...state.specs].map(({ name, shape }): [string, readonly number[]] => [name.replace(/\/mean$/, "/running_mean").replace(/\/variance$/, "/running_var").replaceAll("/", "."), shape]);
  const counters = names.filter(([name]) => name.endsWith("running_var")).map(([name]): [string, readonly number[]] => [name.replace("running_var", "num_batches_tracked"), []]);
  return new Map([...names, ...counters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, shape], index) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const scale = shape.length > 1 ? Math.sqrt(3 / (count / shape[0]!)) : 0.5;
    const shift = name.endsWith("running_var") || name.endsWith("conv_block.1.weight") ? 1 : 0;
    return [name, { shape, data: Float32Array.from(wave(index, count), (x) => x * scale + shift) }];
  }));
}
const known = weights();
const inputs = {
  faces: floats(Float32Array.from(wave(1000, 6 * 96 * 96), (x) => (x + 1) / 2), [1, 6, 96, 96]),
  mel: floats(Float32Array.from(wave(2000, 80 * 16), (x) => x * 4), [1, 1, 80, 16]),
};

async function worstDifference(model: Parameters<typeof createSession>[0]): Promise<number> {
  const session = await createSession(model);
  const { frame } = await session.run(inputs);
  await session.release();
  expect(frame!.shape).toEqual([1, 3, 96, 96]);
  return Math.max(...golden.frame.map((value, i) => Math.abs((frame!.data as Float32Array)[331 * i]! - value)));
}

describe("Wav2Lip's generator", () => {
  it("has as many parameters as published, and draws as PyTorch does", async () => {
    const learned = [...known].filter(([name]) => !/running|tracked/.test(name));
    expect(learned.reduce((sum, [, { data }]) => sum + data.length, 0)).toBe(36_298_035);
    expect(golden.frame).toHaveLength(84);
    expect(Math.max(...golden.frame) - Math.min(...golden.frame)).toBeGreaterThan(0.15);
    expect(await worstDifference(wav2lipGraph(known, "test").toModel())).toBeLessThan(1e-4);
  });

  it("says which weight is missing or of another shape", () => {
    const some = new Map(known);
    some.delete("audio_encoder.3.conv_block.1.running_var");
    expect(() => wav2lipGraph(some, "file.pth")).toThrow(/file\.pth: the weight audio_encoder\.3\.conv_block\.1\.running_var should be \[64\], found none/);
    expect(() => wav2lipGraph(new Map([...known, ["output_block.1.weight", { shape: [3, 32, 3, 3], data: new Float32Array(864) }]]), "file.pth")).toThrow(/should be \[3, 32, 1, 1\], found \[3, 32, 3, 3\]/);
  });

  const python = findTorch();
  it.skipIf(python === null)("is imported from a checkpoint (skipped where python3 has no torch)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "talkface-wav2lip-"));
    try {
      execFileSync(python!, [join(import.meta.dirname, "../support/wav2lip_torch.py"), folder, "checkpoint"]);
      const [file, out] = [join(folder, "wav2lip.pth"), join(folder, "imported")];
      expect(runTalkface(["import", "wav2lip", file, "--out", out])).toMatchObject({ status: 0, stdout: expect.stringContaining("one network") });
      expect(await worstDifference((await readImported("wav2lip", out))!["generator"]!)).toBeLessThan(1e-4);
      expect(runTalkface(["import", "syncnet", file, "--out", join(folder, "x")])).toMatchObject({ status: 1, stderr: expect.stringContaining("Give the weights of SyncNet v2") });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
