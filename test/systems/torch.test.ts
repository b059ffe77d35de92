/** Every gradient graph of every system against PyTorch's own differentiation, where Python has torch and onnx. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeModel } from "../../src/graph/onnx.js";
import { initialValues } from "../../src/nn/params.js";
import { lossGraph, paramTables } from "../../src/systems/graphs.js";
import { findSystem, systemNames } from "../../src/systems/registry.js";

const python = ["/usr/bin/python3", "python3"].find((path) => {
  try {
    execFileSync(path, ["-c", "import torch, onnx"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

const folder = mkdtempSync(join(tmpdir(), "talkface-torch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(python === undefined)("gradients equal PyTorch's (skipped where python3 has no torch and onnx)", () => {
  for (const name of systemNames()) {
    const system = findSystem(name);
    const config = system.presets["tiny"];
    for (const phase of system.phases) {
      for (const group of phase.groups) {
        it(`${name}, ${phase.name}, ${group}`, () => {
          const path = join(folder, `${name}-${phase.name}-${group}.onnx`);
          writeFileSync(path, encodeModel(lossGraph(system, config, phase, group, "grad").toModel()));
          const theta = initialValues(paramTables(system, config).get(group)!, 0);
          writeFileSync(`${path}.theta.f32`, new Uint8Array(theta.buffer));
          const output = execFileSync(python as string, [join(import.meta.dirname, "../support/onnx_torch.py"), "check", path], { encoding: "utf8" });
          expect(Number(/relative error ([\d.e+-]+)/.exec(output)?.[1])).toBeLessThan(1e-3);
        });
      }
    }
  }
});
