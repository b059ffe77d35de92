/** Files as PyTorch exports them: the same output, and the same gradient of the input. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { decodeModel } from "../../src/graph/onnx.js";
import { mul } from "../../src/graph/ops/arithmetic.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { readModel } from "../../src/graph/read/read-model.js";
import { sizeOf } from "../../src/graph/shape.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { findTorch } from "../support/torch-check.js";

const python = findTorch();

describe.skipIf(python === null)("networks that PyTorch exported (skipped where python3 has no torch)", () => {
  let folder: string;
  const numbers = (name: string): Float32Array => new Float32Array(new Uint8Array(readFileSync(join(folder, `${name}.f32`))).buffer);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "talkface-exported-"));
    execFileSync(python!, [join(import.meta.dirname, "../support/exported_torch.py"), folder], { stdio: ["ignore", "ignore", "pipe"] });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["pictures", "sequences"])("%s", async (name) => {
    const shapes = (JSON.parse(readFileSync(join(folder, "about.json"), "utf8")) as Record<string, Record<"x" | "y", number[]>>)[name]!;
    const graph = new Graph();
    const x = graph.input("x", shapes.x);
    const y = readModel(graph, decodeModel(readFileSync(join(folder, `${name}.onnx`)), name), { inputs: { x } }).get("y")!;
    const weights = graph.constant(Float32Array.from({ length: sizeOf(y.shape) }, (_, i) => Math.cos(i)), y.shape);
    graph.output("y", y);
    graph.output("dx", gradient(sum(mul(y, weights)), [x])[0]!);
    const results = await (await createSession(graph.toModel())).run({ x: floats(numbers(`${name}.x`), shapes.x) });
    for (const part of ["y", "dx"]) {
      const wanted = numbers(`${name}.${part}`);
      const largest = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const difference = (results[part]!.data as Float32Array).reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i]!)), 0);
      expect(results[part]!.data.length).toBe(wanted.length);
      expect(difference / largest, part).toBeLessThan(2e-5);
    }
  });
});
