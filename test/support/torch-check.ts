/** Gradient graphs against PyTorch's own differentiation of the same loss (onnx_torch.py). */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeModel, type OnnxModel } from "../../src/graph/onnx.js";
import { initialValues } from "../../src/nn/params.js";
import { lossGraph } from "../../src/systems/graphs.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem, systemNames } from "../../src/systems/registry.js";
import type { Phase, System } from "../../src/systems/system.js";

/** A Python with torch, onnx and these other packages, or null; asked from elsewhere, because Python takes this repository's folder `onnx` for the package. */
export function findTorch(...others: readonly string[]): string | null {
  return ["/usr/bin/python3", "python3"].find((path) => spawnSync(path, ["-c", `import ${["torch", "onnx", ...others].join(", ")}`], { cwd: tmpdir() }).status === 0) ?? null;
}

export interface GradientGraph {
  readonly name: string;
  readonly system: System;
  readonly config: unknown;
  readonly phase: Phase<unknown>;
  readonly group: string;
}

/** Every gradient graph of every system: each phase, each group that learns in it. Systems without the preset are left out. */
export function gradientGraphs(preset: string): GradientGraph[] {
  return systemNames().flatMap((name) => {
    const system = findSystem(name);
    const config = system.presets[preset];
    if (config === undefined) return [];
    return system.phases.flatMap((phase) => phase.groups.map((group) => ({ name: `${name} ${preset} ${phase.name} ${group}`, system, config, phase, group })));
  });
}

/** What PyTorch finds for a model with the input `theta` and the outputs `loss` and `grad`. */
export interface TorchGradient {
  readonly loss: number;
  readonly gradientNorm: number;
  /** |talkface - PyTorch| / |PyTorch| over the whole gradient. */
  readonly relativeError: number;
}

export interface TorchVerdict extends TorchGradient {
  readonly parameters: number;
  readonly nodes: number;
}

/** Runs the model in PyTorch; `vectors` (of `theta` and its like, by name) replace random inputs. */
export function gradientInTorch(python: string, name: string, model: OnnxModel, vectors: Readonly<Record<string, Float32Array>>): TorchGradient {
  const folder = mkdtempSync(join(tmpdir(), "talkface-torch-"));
  try {
    const path = join(folder, "grad.onnx");
    writeFileSync(path, encodeModel(model));
    for (const [input, { buffer, byteOffset, byteLength }] of Object.entries(vectors)) writeFileSync(`${path}.${input}.f32`, new Uint8Array(buffer, byteOffset, byteLength));
    const { stdout, stderr } = spawnSync(python, [join(import.meta.dirname, "onnx_torch.py"), "check", path], { encoding: "utf8" });
    const found = /loss (\S+)\s+\|grad\| (\S+)\s+relative error (\S+)/.exec(stdout);
    if (found === null) throw new Error(`${name}: PyTorch did not finish: ${stderr.trim().split("\n").at(-1) ?? ""}`);
    const [loss, gradientNorm, relativeError] = found.slice(1).map(Number) as [number, number, number];
    return { loss, gradientNorm, relativeError };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both gradients at the real initial values of every group, on random batches. */
export function checkAgainstTorch(python: string, { name, system, config, phase, group }: GradientGraph): TorchVerdict {
  const model = lossGraph(system, config, phase, group, "grad").toModel();
  const tables = paramTables(system, config);
  const vectors = Object.fromEntries([...tables].map(([other, table]) => [other === group ? "theta" : `theta.${other}`, initialValues(table, 0)]));
  return { parameters: tables.get(group)!.size, nodes: model.graph.nodes.length, ...gradientInTorch(python, name, model, vectors) };
}
